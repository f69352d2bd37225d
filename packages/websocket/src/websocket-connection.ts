import type { Transport } from '@ropewalk/core'
import type { Request } from '@ropewalk/http'

/** One WebSocket, as its transport drives it. */
export interface WebSocketConnection {
  /** The connection beneath. */
  readonly transport: Transport
  /** The request that opened it. */
  readonly request: Request
  readonly subprotocol: string | undefined
  /** Whether messages can be sent. */
  readonly open: boolean
  /** Sends a text message; false when the peer takes less than it is given, or is not there. */
  sendText(text: string): boolean
  /** Sends a binary message; returns as `sendText`. */
  sendBytes(data: Uint8Array): boolean
  /** @throws {RangeError} when the payload has more than 125 bytes. */
  sendPing(payload: Uint8Array): boolean
  /**
   * Begins the closing handshake.
   *
   * @throws {RangeError} for a code or reason that cannot be sent.
   */
  close(code: number, reason: string): void
  /** Delivers no message until `resume`. */
  pause(): void
  /** Delivers messages again. */
  resume(): void
}
