import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import { NODE_PLATFORM } from '../../src/connection/node-platform.ts'
import { WebSocketError } from '../../src/errors.ts'
import type { Role } from '../../src/codec/frame-header.ts'
import type { ByteInput } from '../../src/codec/byte-input.ts'
import { MessageReader, type MessageReaderOptions, type ReaderEvent } from '../../src/codec/message-reader.ts'
import { WEB_PLATFORM } from '../../src/codec/platform.ts'
import { ReceivedBytes } from '../../src/codec/received-bytes.ts'
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from '../../src/codec/limits.ts'
import { encodeFor, type PeerFrame } from './peer-frames.ts'

/** The events that were read, and the error that ended the reading, if any. */
export interface Read {
  readonly events: ReaderEvent<Buffer>[]
  refused: WebSocketError | undefined
}

/** How a reader returns messages. */
export type ReadingOptions = Omit<MessageReaderOptions<Buffer>, 'role' | 'limits'>

/** Reads all events in `pieces`. The pieces are copied, because a reader unmasks its input in place. */
export function readMessages(
  pieces: Iterable<Uint8Array>,
  limits: Partial<WebSocketLimits> = {},
  role: Role = 'server',
  options: ReadingOptions = {},
): Read {
  const all = {
    role,
    limits: { ...DEFAULT_WEBSOCKET_LIMITS, ...limits },
    platform: NODE_PLATFORM,
    ...options,
  }
  return read(new MessageReader(all), new ByteQueue(), pieces)
}

/** Reads as `readMessages` does, without anything that only Node has. The data in events is a Uint8Array. */
function readElsewhere(
  pieces: Iterable<Uint8Array>,
  limits: Partial<WebSocketLimits>,
  role: Role,
  options: ReadingOptions,
): Read {
  const all = { role, limits: { ...DEFAULT_WEBSOCKET_LIMITS, ...limits }, ...options, platform: WEB_PLATFORM }
  return read(new MessageReader(all), new ReceivedBytes(), pieces) as Read
}

function read<Bytes extends Uint8Array>(
  reader: MessageReader<Bytes>,
  input: ByteInput<Bytes> & { push(data: Uint8Array): void },
  pieces: Iterable<Uint8Array>,
): { events: ReaderEvent<Bytes>[]; refused: WebSocketError | undefined } {
  const result: { events: ReaderEvent<Bytes>[]; refused: WebSocketError | undefined } = {
    events: [],
    refused: undefined,
  }
  for (const piece of pieces) {
    input.push(Buffer.from(piece))
    try {
      for (let event = reader.next(input); event !== undefined; event = reader.next(input))
        result.events.push(event)
    } catch (error) {
      if (!(error instanceof WebSocketError) || result.refused !== undefined) throw error
      result.refused = error
    }
  }
  return result
}

/**
 * The result as one line: `text "a"; ping ""; !reserved-bits`. Streamed data that nothing separates is one
 * part, because its pieces depend on the cuts: `begin text; data "ab"; frame-end; end`.
 */
export function summary({ events, refused }: Read): string {
  const parts: string[] = []
  let data: Uint8Array[] = []
  const endData = (): void => {
    if (data.length > 0) parts.push(`data "${latin1(Buffer.concat(data))}"`)
    data = []
  }
  for (const event of events) {
    if (event.type === 'message-data') {
      data.push(event.data)
      continue
    }
    endData()
    parts.push(oneLine(event))
  }
  endData()
  if (refused !== undefined) parts.push(`!${refused.violation}`)
  return parts.join('; ')
}

function latin1(data: Uint8Array): string {
  return Buffer.from(data).toString('latin1')
}

function oneLine(event: Exclude<ReaderEvent<Buffer>, { readonly type: 'message-data' }>): string {
  switch (event.type) {
    case 'text':
      return `text "${event.text}"`
    case 'bytes':
    case 'raw-text':
      return `${event.type} "${latin1(event.data)}"`
    case 'close':
      return `close ${event.code} "${event.reason}"`
    case 'message-begin':
      return `begin ${event.kind}`
    case 'frame-end':
      return 'frame-end'
    case 'message-end':
      return 'end'
    case 'ping':
    case 'pong':
      return `${event.type} "${latin1(event.payload)}"`
    default:
      return assertNever(event)
  }
}

/**
 * The different results for the frames in both roles, under every cut, on Node and elsewhere: one summary if all agree.
 *
 * @param options Called for each reading: an inflater keeps the state of one connection.
 */
export function summaries(
  frames: readonly PeerFrame[],
  limits: Partial<WebSocketLimits> = {},
  options: () => ReadingOptions = () => ({}),
): readonly string[] {
  const seen = new Set<string>()
  for (const role of ROLES) {
    for (const pieces of chunkings(encodeFor(role, frames))) {
      seen.add(summary(readMessages(pieces, limits, role, options())))
      seen.add(summary(readElsewhere(pieces, limits, role, options())))
    }
  }
  return [...seen]
}

/** Pieces of `length` bytes; the last one may be shorter. */
export function chopped(bytes: Uint8Array, length: number): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / length)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * length, (at + 1) * length))
}

/** Both sides of a connection. */
export const ROLES = ['server', 'client'] as const
