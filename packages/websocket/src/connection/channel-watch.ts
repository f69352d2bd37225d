import type { Reactor } from '@ropewalk/core'
import type { ReaderEvent } from '../codec/message-reader.ts'

/** The part of a channel that a ChannelWatch uses. */
export interface WatchedChannel {
  readonly reactor: Reactor
  /** Whether messages can be sent. */
  readonly open: boolean
  /** Bytes that the peer makes us hold: received and not delivered, or queued and not sent. */
  readonly heldBytes: number
  /** Closes, unless the closing handshake has begun. */
  close(code: number, reason: string): void
  /** Drops all later messages, and closes when pending callbacks have settled, after `drainGraceMs` at the latest. */
  closeAfterCallbacks(code: number, reason: string): Promise<void>
  abort(cause: unknown): void
  /** Reads on: `tooFast` has become false. */
  readOn(): void
}

/** The rules of a server for one of its WebSockets. The channel calls it. */
export interface ChannelWatch {
  /** Whether the peer has exceeded its rate. Nothing is read then, unless the WebSocket is closing. */
  readonly tooFast: boolean
  /** The WebSocket is open: `negotiationStarted` has been called, and `negotiationFinished` follows. */
  opened(channel: WatchedChannel): void
  /**
   * Some input has been parsed.
   *
   * @param whole Whether it was the end of a message or a control frame.
   */
  bytesRead(bytes: number, whole: boolean): void
  /** `heldBytes` of the channel may have increased. */
  heldMore(): void
  /** The connection is gone. */
  lost(): void
}

/** Whether an event ends a message, or is a control frame. */
export function isWhole(event: ReaderEvent | undefined): boolean {
  if (event === undefined) return false
  return event.type !== 'message-data' && event.type !== 'frame-end' && event.type !== 'message-begin'
}
