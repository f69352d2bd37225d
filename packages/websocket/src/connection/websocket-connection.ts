import type { Address, ConnectionClosed, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import type { WebSocketViolation } from '../errors.ts'
import type { Opening } from './opening.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { SendStatus } from './outbox.ts'
import type { Prepared } from './prepared-message.ts'
import type { TurnHolder } from './send-queue.ts'

/** The connection that a WebSocketTransport passes its calls to. */
export interface WebSocketConnection {
  readonly reactor: Reactor
  readonly opening: Opening
  /** Whether messages can be sent. */
  readonly open: boolean
  /** Aborted once the peer has left or broken the rules, a callback has failed, or the connection is gone. */
  readonly signal: AbortSignal
  /** Bytes queued and not yet taken by the operating system. */
  readonly bufferedBytes: number
  /**
   * Sends a text message: a string, or bytes that are UTF-8.
   *
   * @param compress Undefined: that depends on its size.
   */
  sendText(text: string | Uint8Array, compress?: boolean): SendStatus
  /** Sends a binary message; the caller must not change the bytes afterwards. */
  sendBytes(data: Uint8Array, compress?: boolean): SendStatus
  /** Sends prepared messages. */
  sendPrepared(prepared: Prepared): SendStatus
  /** Sends a message in its turn. Resolves with whether it was sent, when there is room again. */
  sendPatiently(kind: MessageKind, payload: string | Uint8Array, compress?: boolean): Promise<boolean>
  /** Lets a message in parts take its turn. @returns false when messages cannot be sent. */
  takeTurn(holder: TurnHolder): boolean
  /**
   * Sends a ping.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   */
  sendPing(payload: Uint8Array): SendStatus
  /** Resolves with true when more may be sent, with false when the WebSocket is closing or gone. */
  drained(): Promise<boolean>
  /**
   * Registers `producer`, which then writes only as fast as the peer reads. It is stopped when a close frame
   * is sent or the connection ends.
   *
   * @throws {LocalProtocolError} while another is registered.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void
  /** Unregisters the producer: it is done. */
  unregisterProducer(): void
  /**
   * Begins the closing handshake.
   *
   * @param code Undefined for a close frame without a code.
   * @throws {RangeError} for a code or reason that cannot be sent.
   */
  close(code: number | undefined, reason: string): void
  /** Closes with 1011, because `error` was thrown: without a log, or with one. */
  fail(error: unknown): void
  fault(error: unknown): void
  /** Resets the connection. */
  abort(cause: unknown): void
  /** Delivers no message until `resume`. */
  pause(): void
  /** Delivers messages again, but never inside this call, and not before pending callbacks have settled. */
  resume(): void
  getPeer(): Address
  getHost(): Address
}

/** How a WebSocket ended. */
export interface WebSocketClosed {
  /** The peer's close code; 1005 when its close frame had none, 1006 when no close frame arrived. */
  readonly code: number
  /** The reason in the peer's close frame, '' when there was none. */
  readonly reason: string
  /** Which side's close frame came first; `neither` when the connection ended without one. */
  readonly closedBy: 'us' | 'peer' | 'neither'
  /** The code of the close frame we sent, 1005 when that had none; undefined when we sent no close frame. */
  readonly sentCode: number | undefined
  /** The reason in the close frame we sent, '' when there was none. */
  readonly sentReason: string
  /** The rule or limit that the peer broke, for which we closed; undefined when it broke none. */
  readonly violation: WebSocketViolation | undefined
  /** Whether both sides have sent a close frame. */
  readonly wasClean: boolean
  /** How the connection beneath ended. */
  readonly cause: ConnectionClosed
}
