import type { Address, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import { checkValue, type OptionRule } from '@ropewalk/core/options'
import type { Request } from '@ropewalk/http'
import type { WebSocketConnection } from './websocket-connection.ts'

/** A WebSocket as its protocol sees it: a transport of messages. No method throws because the peer is gone. */
export class WebSocketTransport {
  readonly #connection: WebSocketConnection

  /** Made by the channel. */
  constructor(connection: WebSocketConnection) {
    this.#connection = connection
  }

  /** The reactor: take time and timers from it. */
  get reactor(): Reactor {
    return this.#connection.reactor
  }

  /** The request that opened the WebSocket. */
  get request(): Request {
    return this.#connection.request
  }

  /** The subprotocol both sides agreed on; undefined for none. */
  get subprotocol(): string | undefined {
    return this.#connection.subprotocol
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#connection.open
  }

  /**
   * Aborted once the peer has left (by a close frame, by ending the connection, by a reset), has broken the rules,
   * or a callback has failed: nothing more can be sent. The reason is a ConnectionClosed; after a fault of the
   * peer its cause is the WebSocketError. A callback that rejects
   * with it, or with an AbortError that it has caused, is not at fault.
   */
  get signal(): AbortSignal {
    return this.#connection.signal
  }

  /** Bytes queued and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  /**
   * Sends a text message.
   *
   * @returns false when the peer takes less than it is given (await `drained()`), or the WebSocket is closing.
   */
  sendTextMessage(text: string): boolean {
    checkValue('sendTextMessage', 'text', text, TEXT)
    return this.#connection.sendText(text)
  }

  /** Sends a binary message; the caller must not change the bytes afterwards. Returns as `sendTextMessage`. */
  sendBytesMessage(data: Uint8Array): boolean {
    checkValue('sendBytesMessage', 'data', data, BYTES)
    return this.#connection.sendBytes(data)
  }

  /**
   * Sends a ping; the peer's answer comes to `pongReceived`.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   */
  ping(payload: Uint8Array = NO_BYTES): boolean {
    return this.#connection.sendPing(payload)
  }

  /** Resolves when more may be sent: true, or false when the WebSocket is closing or gone. */
  drained(): Promise<boolean> {
    return this.#connection.drained()
  }

  /**
   * Begins the closing handshake; no further message is delivered. Does nothing when it has begun.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {RangeError} for another code or a longer reason.
   */
  loseConnection(code: number = 1000, reason: string = ''): void {
    this.#connection.close(code, reason)
  }

  /** Resets the connection, without a closing handshake. */
  abortConnection(cause?: unknown): void {
    this.#connection.abort(cause)
  }

  /**
   * Makes `producer` wait whenever the peer takes less than it is given. It is stopped, and detached, once a close
   * frame is sent or the connection ends.
   *
   * @throws {LocalProtocolError} while another is attached.
   */
  attachProducer(producer: PushProducer, streaming: true): void
  attachProducer(producer: PullProducer, streaming: false): void
  attachProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#connection.registerProducer(producer, streaming)
  }

  /** The producer is done. */
  detachProducer(): void {
    this.#connection.unregisterProducer()
  }

  /** Delivers no message until `resumeProducing`. Pings are answered, and the peer's leaving is noticed, all the same. */
  pauseProducing(): void {
    this.#connection.pause()
  }

  /** Delivers messages again, first those that came meanwhile, once the calls under way have returned. */
  resumeProducing(): void {
    this.#connection.resume()
  }

  /** The other end. */
  getPeer(): Address {
    return this.#connection.getPeer()
  }

  /** Our end. */
  getHost(): Address {
    return this.#connection.getHost()
  }
}

const NO_BYTES = new Uint8Array(0)
const TEXT: OptionRule = (value) =>
  typeof value === 'string' ? undefined : { kind: 'type', wanted: 'a string; bytes go to sendBytesMessage' }
const BYTES: OptionRule = (value) =>
  value instanceof Uint8Array
    ? undefined
    : { kind: 'type', wanted: 'a Uint8Array; text goes to sendTextMessage' }
