import type { Address, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import { checkValue, type OptionRule } from '@ropewalk/core/options'
import type { Request } from '@ropewalk/http'
import { MAX_CONTROL_BYTES } from '../codec/frame-header.ts'
import type { OpeningResponse } from './opening.ts'
import type { SendStatus } from './outbox.ts'
import type { WebSocketConnection } from './websocket-connection.ts'

/** Sends the messages of one WebSocket, and closes it. No method throws because the peer is gone. */
export class WebSocketTransport {
  readonly #connection: WebSocketConnection

  /** Called by the channel; programs construct none. */
  constructor(connection: WebSocketConnection) {
    this.#connection = connection
  }

  /** The reactor: take time and timers from it. */
  get reactor(): Reactor {
    return this.#connection.reactor
  }

  /**
   * The request that opened the WebSocket.
   *
   * @throws {Error} on a client, which has `response`.
   */
  get request(): Request {
    const { opening } = this.#connection
    if (opening.role === 'client') throw new Error('A client has no request: use transport.response')
    return opening.request
  }

  /**
   * The response that opened the WebSocket.
   *
   * @throws {Error} on a server, which has `request`.
   */
  get response(): OpeningResponse {
    const { opening } = this.#connection
    if (opening.role === 'server') throw new Error('A server has no response: use transport.request')
    return opening.response
  }

  /** The subprotocol that both sides agreed on; undefined when there is none. */
  get subprotocol(): string | undefined {
    return this.#connection.opening.subprotocol
  }

  /** What `authenticate` of the resource has returned; undefined without one, and on a client. */
  get user(): unknown {
    const { opening } = this.#connection
    return opening.role === 'server' ? opening.user : undefined
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#connection.open
  }

  /**
   * Aborted when the peer has left (by a close frame, the end of its output or a reset), the peer has broken
   * the rules, a callback has failed, or the connection is gone. The reason is a ConnectionClosed. Its cause
   * is the WebSocketError if the peer broke the rules, and the callback's error if one failed. A callback may
   * reject with the reason, or with an AbortError that the signal caused: that is not logged.
   */
  get signal(): AbortSignal {
    return this.#connection.signal
  }

  /** Bytes queued and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  /**
   * Sends a text message. Returns `sent`; `queued` when too many bytes wait before it (await `drained()` before
   * the next message); `dropped` when the WebSocket is closing or gone.
   */
  sendTextMessage(text: string): SendStatus {
    checkValue('sendTextMessage', 'text', text, TEXT)
    return this.#connection.sendText(text)
  }

  /**
   * Sends a binary message; the caller must not change the bytes afterwards. Returns as `sendTextMessage`.
   */
  sendBytesMessage(data: Uint8Array): SendStatus {
    checkValue('sendBytesMessage', 'data', data, BYTES)
    return this.#connection.sendBytes(data)
  }

  /**
   * Sends a ping. `pongReceived` is called with the peer's pong. Returns as `sendTextMessage`.
   *
   * @throws {TypeError} when the payload is not a Uint8Array.
   * @throws {RangeError} when it has more than 125 bytes.
   */
  ping(payload: Uint8Array = NO_BYTES): SendStatus {
    checkValue('ping', 'payload', payload, PING_PAYLOAD)
    return this.#connection.sendPing(payload)
  }

  /** Resolves with true when more may be sent, with false when the WebSocket is closing or gone. */
  drained(): Promise<boolean> {
    return this.#connection.drained()
  }

  /**
   * Begins the closing handshake, unless it has begun. No further message is delivered.
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
   * Attaches `producer`, which then writes only as fast as the peer reads. It is stopped and detached when a
   * close frame is sent or the connection ends.
   *
   * @throws {LocalProtocolError} while another is attached.
   */
  attachProducer(producer: PushProducer, streaming: true): void
  attachProducer(producer: PullProducer, streaming: false): void
  attachProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#connection.registerProducer(producer, streaming)
  }

  /** Detaches the producer: it is done. */
  detachProducer(): void {
    this.#connection.unregisterProducer()
  }

  /**
   * Delivers no message until `resumeProducing`. Pings still get their pongs, and the peer's end is still
   * noticed.
   */
  pauseProducing(): void {
    this.#connection.pause()
  }

  /**
   * Delivers messages again, first those received meanwhile, but never inside this call, and not before
   * pending callbacks have settled.
   */
  resumeProducing(): void {
    this.#connection.resume()
  }

  /** The peer's address. */
  getPeer(): Address {
    return this.#connection.getPeer()
  }

  /** This side's address. */
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
const PING_PAYLOAD: OptionRule = (value) => {
  const wanted = `a Uint8Array of at most ${MAX_CONTROL_BYTES} bytes`
  if (!(value instanceof Uint8Array)) return { kind: 'type', wanted }
  if (value.length <= MAX_CONTROL_BYTES) return undefined
  return { kind: 'range', wanted, at: '.length', found: value.length }
}
