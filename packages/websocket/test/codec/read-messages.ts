import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import { WebSocketError } from '../../src/errors.ts'
import type { Role } from '../../src/codec/frame-header.ts'
import { MessageReader, type MessageReaderOptions, type ReaderEvent } from '../../src/codec/message-reader.ts'
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from '../../src/codec/limits.ts'
import { encodeFor, type PeerFrame } from './peer-frames.ts'

/** The events that were read, and the error that ended the reading, if any. */
export interface Read {
  readonly events: ReaderEvent[]
  refused: WebSocketError | undefined
}

/** How a reader returns messages. */
export type ReadingOptions = Omit<MessageReaderOptions, 'role' | 'limits'>

/** Reads all events in `pieces`. The pieces are copied, because a reader unmasks its input in place. */
export function readMessages(
  pieces: Iterable<Uint8Array>,
  limits: Partial<WebSocketLimits> = {},
  role: Role = 'server',
  options: ReadingOptions = {},
): Read {
  const reader = new MessageReader({ role, limits: { ...DEFAULT_WEBSOCKET_LIMITS, ...limits }, ...options })
  const input = new ByteQueue()
  const read: Read = { events: [], refused: undefined }
  for (const piece of pieces) {
    input.push(Buffer.from(piece))
    try {
      for (let event = reader.next(input); event !== undefined; event = reader.next(input))
        read.events.push(event)
    } catch (error) {
      if (!(error instanceof WebSocketError) || read.refused !== undefined) throw error
      read.refused = error
    }
  }
  return read
}

/**
 * The result as one line: `text "a"; ping ""; !reserved-bits`. Streamed data that nothing separates is one
 * part, because its pieces depend on the cuts: `begin text; data "ab"; frame-end; end`.
 */
export function summary({ events, refused }: Read): string {
  const parts: string[] = []
  let data: Buffer[] = []
  const endData = (): void => {
    if (data.length > 0) parts.push(`data "${Buffer.concat(data).toString('latin1')}"`)
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

function oneLine(event: Exclude<ReaderEvent, { readonly type: 'message-data' }>): string {
  switch (event.type) {
    case 'text':
      return `text "${event.text}"`
    case 'bytes':
    case 'raw-text':
      return `${event.type} "${event.data.toString('latin1')}"`
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
      return `${event.type} "${event.payload.toString('latin1')}"`
    default:
      return assertNever(event)
  }
}

/**
 * The different results for the frames in both roles and under every cut: one summary if all agree.
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
