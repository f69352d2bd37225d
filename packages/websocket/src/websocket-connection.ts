import type { Address, ConnectionClosed, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import type { Request } from '@ropewalk/http'
import type { WebSocketViolation } from './errors.ts'

/** One WebSocket, as its transport drives it. */
export interface WebSocketConnection {
  readonly reactor: Reactor
  /** The request that opened it. */
  readonly request: Request
  readonly subprotocol: string | undefined
  /** Whether messages can be sent. */
  readonly open: boolean
  /** Aborted once the peer has left or broken the rules, a callback has failed, or the connection is gone. */
  readonly signal: AbortSignal
  /** Bytes queued and not yet taken by the operating system. */
  readonly bufferedBytes: number
  /** Sends a text message; false when the peer takes less than it is given, or is gone. */
  sendText(text: string): boolean
  /** Sends a binary message; returns as `sendText`. */
  sendBytes(data: Uint8Array): boolean
  /** @throws {RangeError} when the payload has more than 125 bytes. */
  sendPing(payload: Uint8Array): boolean
  /** Resolves when more may be sent: true, or false when it is closing or gone. */
  drained(): Promise<boolean>
  /**
   * Makes `producer` follow what the peer takes, until a close frame is sent or the connection ends; then it is stopped.
   *
   * @throws {LocalProtocolError} while another is registered.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void
  /** The producer is done. */
  unregisterProducer(): void
  /**
   * Begins the closing handshake.
   *
   * @throws {RangeError} for a code or reason that cannot be sent.
   */
  close(code: number, reason: string): void
  /** Resets the connection. */
  abort(cause: unknown): void
  /** Delivers no message until `resume`. */
  pause(): void
  /** Delivers messages again, once the calls under way have returned. */
  resume(): void
  getPeer(): Address
  getHost(): Address
}

/** How a WebSocket ended. */
export interface WebSocketClosed {
  /** The peer's close code; 1005 when its close frame had none, 1006 when no close frame came. */
  readonly code: number
  /** The peer's reason, '' when it gave none. */
  readonly reason: string
  /** Whose close frame came first; `nobody` when the connection ended without one. */
  readonly closedBy: 'us' | 'peer' | 'nobody'
  /** The code of the close frame we sent, 1005 when that had none; undefined when we sent no close frame. */
  readonly sentCode: number | undefined
  /** The reason in the close frame we sent, '' when there was none. */
  readonly sentReason: string
  /** How the peer broke the rules, or our limits, so that we closed; undefined when it did not. */
  readonly violation: WebSocketViolation | undefined
  /** Whether both sides have sent a close frame. */
  readonly wasClean: boolean
  /** How the connection beneath ended. */
  readonly cause: ConnectionClosed
}
