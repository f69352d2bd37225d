import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import { WebSocketError } from '../../src/errors.ts'
import type { Role } from '../../src/codec/frame-header.ts'
import { type MessageEvent, MessageReader } from '../../src/codec/message-reader.ts'
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from '../../src/codec/limits.ts'
import { encodeFor, type PeerFrame } from './peer-frames.ts'

/** The events that were read, and the error that ended the reading, if any. */
export interface Read {
  readonly events: MessageEvent[]
  refused: WebSocketError | undefined
}

/** Reads all events in `pieces`. The pieces are copied, because a reader unmasks its input in place. */
export function readMessages(
  pieces: Iterable<Uint8Array>,
  limits: Partial<WebSocketLimits> = {},
  role: Role = 'server',
): Read {
  const reader = new MessageReader({ role, limits: { ...DEFAULT_WEBSOCKET_LIMITS, ...limits } })
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

/** The result as one line: `text "a"; ping ""; !reserved-bits`. */
export function summary({ events, refused }: Read): string {
  const parts = events.map((event) => {
    if (event.type === 'text') return `text "${event.text}"`
    if (event.type === 'bytes') return `bytes "${event.data.toString('latin1')}"`
    if (event.type === 'close') return `close ${event.code} "${event.reason}"`
    return `${event.type} "${event.payload.toString('latin1')}"`
  })
  if (refused !== undefined) parts.push(`!${refused.violation}`)
  return parts.join('; ')
}

/** The different results for the frames in both roles and under every cut: one summary if all agree. */
export function summaries(
  frames: readonly PeerFrame[],
  limits: Partial<WebSocketLimits> = {},
): readonly string[] {
  const seen = new Set<string>()
  for (const role of ROLES) {
    for (const pieces of chunkings(encodeFor(role, frames))) {
      seen.add(summary(readMessages(pieces, limits, role)))
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
