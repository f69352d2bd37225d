import type { Address, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import type { Request } from '@ropewalk/http'

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
