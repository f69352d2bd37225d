import { isUtf8 } from 'node:buffer'
import type { Address, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import {
  byteCount,
  checkValue,
  type GivenOptions,
  oneOf,
  type OptionRule,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { tolerated } from '@ropewalk/core/reactor'
import type { Request } from '@ropewalk/http'
import { MAX_CONTROL_BYTES } from '../codec/frame-header.ts'
import type { DeflateAgreement } from '../deflate/deflate-agreement.ts'
import type { OpeningResponse } from './opening.ts'
import type { SendStatus } from './outbox.ts'
import { Prepared } from './prepared-message.ts'
import { compressOf, type SendOptions } from './send-options.ts'
import { type MessageSource, OutgoingStream, type SendMessageOptions } from './outgoing-stream.ts'
import type { WebSocketConnection } from './websocket-connection.ts'

/**
 * Sends the messages of one WebSocket, and closes it. No method throws because the peer is gone.
 *
 * It is a push producer of the messages that are received: a consumer, such as the transport of another
 * connection, pauses it with `registerProducer(transport, true)`.
 */
export class WebSocketTransport implements PushProducer {
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

  /** How both sides compress messages, as they have agreed; undefined when they do not. */
  get deflate(): DeflateAgreement | undefined {
    return this.#connection.opening.deflate
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
   * Sends a text message: a string, or bytes that are UTF-8, which are not copied and must not be changed
   * afterwards. Returns `sent`; `queued` when others wait before it (await `drained()` before the next
   * message); `dropped` when the WebSocket is closing or gone, or too much waits (`maxQueuedBytes`).
   *
   * @throws {TypeError} when `text` is neither a string nor UTF-8.
   */
  sendTextMessage(text: string | Uint8Array, options?: GivenOptions<SendOptions>): SendStatus {
    if (typeof text !== 'string') checkValue('sendTextMessage', 'text', text, TEXT)
    return this.#connection.sendText(text, compressOf('sendTextMessage', options))
  }

  /**
   * Sends a binary message; the caller must not change the bytes afterwards. Returns as `sendTextMessage`.
   */
  sendBytesMessage(data: Uint8Array, options?: GivenOptions<SendOptions>): SendStatus {
    checkValue('sendBytesMessage', 'data', data, BYTES)
    return this.#connection.sendBytes(data, compressOf('sendBytesMessage', options))
  }

  /**
   * Sends a message that `prepareMessage` has prepared: its frame is made once for all connections. Returns as
   * `sendTextMessage`.
   */
  sendPrepared(prepared: Prepared): SendStatus {
    checkValue('sendPrepared', 'prepared', prepared, PREPARED)
    return this.#connection.sendPrepared(prepared)
  }

  /**
   * Sends a message, a string as text and bytes as a binary message, when all earlier ones have left. Resolves
   * when there is room for the next one: with `sent`, or with `dropped` when the WebSocket closes before.
   *
   * Such a message does not count towards `maxQueuedBytes` and is not dropped for others. When more than
   * 16 MiB of them wait (or `maxQueuedBytes`, if that is more), because the promises are not awaited, the
   * WebSocket is closed with 1013.
   *
   * @throws {TypeError} (rejects) when `data` is neither a string nor a Uint8Array.
   */
  async send(data: string | Uint8Array, options?: GivenOptions<SendOptions>): Promise<'sent' | 'dropped'> {
    checkValue('send', 'data', data, DATA)
    const kind = typeof data === 'string' ? 'text' : 'bytes'
    const compress = compressOf('send', options)
    return (await this.#connection.sendPatiently(kind, data, compress)) ? 'sent' : 'dropped'
  }

  /**
   * Sends one message from `source`, whose pieces are read as fast as the peer reads and sent as they come, each
   * in frames of its own. It takes its turn after the messages sent before, and later ones wait until it is
   * complete; pings and pongs do not. Resolves as `send` does.
   *
   * When the WebSocket closes before the end, the source is released: a Node stream is destroyed, `return` is
   * called on an iterator. `loseConnection` lets the message complete, while its next piece comes within
   * `closeTimeoutMs`.
   *
   * @throws {unknown} (rejects) with the error of the source. Half a message cannot be taken back, so the
   *   WebSocket is closed with 1011. If the promise is not awaited, the error is logged.
   * @throws {TypeError | RangeError} when `source` is not iterable, or an option is wrong.
   */
  sendMessage(
    source: MessageSource,
    options?: GivenOptions<SendMessageOptions>,
  ): Promise<'sent' | 'dropped'> {
    checkValue('sendMessage', 'source', source, SOURCE)
    const connection = this.#connection
    const given = withDefaults('sendMessage', SEND_MESSAGE, options, SEND_MESSAGE_RULES)
    const stream = new OutgoingStream(source, given, (error) => connection.fail(error))
    if (!connection.takeTurn(stream)) stream.turnLost()
    return tolerated(
      stream.sent.then((sent) => (sent ? 'sent' : 'dropped')),
      () => true,
      (error) => connection.fault(error),
    )
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
   * The close frame follows all messages sent before.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999; null for a close frame without a code.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {RangeError} for another code or a longer reason.
   */
  loseConnection(code: number | null = 1000, reason: string = ''): void {
    this.#connection.close(code ?? undefined, reason)
  }

  /** The same as `loseConnection`, for a consumer that this transport is registered with as a producer. */
  stopProducing(): void {
    this.loseConnection()
  }

  /**
   * Reports a failure of work that runs outside the callbacks, as if a callback had thrown: logs `error` and
   * closes the WebSocket with 1011. An `error` that stems from the end of this WebSocket is ignored.
   */
  failConnection(error: unknown): void {
    this.#connection.fault(error)
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
  value instanceof Uint8Array && isUtf8(value)
    ? undefined
    : { kind: 'type', wanted: 'a string, or bytes that are UTF-8; other bytes go to sendBytesMessage' }
const DATA: OptionRule = (value) =>
  typeof value === 'string' || value instanceof Uint8Array
    ? undefined
    : { kind: 'type', wanted: 'a string or a Uint8Array; a stream goes to sendMessage' }
const SOURCE: OptionRule = (value) => {
  const isObject = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
  return isObject && (Symbol.asyncIterator in value || Symbol.iterator in value)
    ? undefined
    : { kind: 'type', wanted: 'a stream or an iterable of bytes or strings; a whole message goes to send' }
}
const SEND_MESSAGE: SendMessageOptions = { kind: 'bytes', frameBytes: 65_536 }
const SEND_MESSAGE_RULES: OptionRules<SendMessageOptions> = {
  kind: oneOf('text', 'bytes'),
  frameBytes: byteCount({ least: 1 }),
}
const BYTES: OptionRule = (value) =>
  value instanceof Uint8Array
    ? undefined
    : { kind: 'type', wanted: 'a Uint8Array; text goes to sendTextMessage' }
const PREPARED: OptionRule = (value) =>
  value instanceof Prepared ? undefined : { kind: 'type', wanted: 'a PreparedMessage, from prepareMessage' }
const PING_PAYLOAD: OptionRule = (value) => {
  const wanted = `a Uint8Array of at most ${MAX_CONTROL_BYTES} bytes`
  if (!(value instanceof Uint8Array)) return { kind: 'type', wanted }
  if (value.length <= MAX_CONTROL_BYTES) return undefined
  return { kind: 'range', wanted, at: '.length', found: value.length }
}
