import type { Address, PullProducer, PushProducer, Reactor } from '@ropewalk/core'
import type { Request } from '@ropewalk/http'
import type { WebSocketChannel } from './websocket-channel.ts'

/** A WebSocket as its protocol sees it: a transport of messages. No method throws because the peer is gone. */
export class WebSocketTransport {
  readonly #channel: WebSocketChannel

  /** Made by the channel. */
  constructor(channel: WebSocketChannel) {
    this.#channel = channel
  }

  /** The reactor: take time and timers from it. */
  get reactor(): Reactor {
    return this.#channel.transport.reactor
  }

  /** The request that opened the WebSocket. */
  get request(): Request {
    return this.#channel.request
  }

  /** The subprotocol both sides agreed on; undefined for none. */
  get subprotocol(): string | undefined {
    return this.#channel.subprotocol
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#channel.open
  }

  /** Aborted when the connection is gone. */
  get signal(): AbortSignal {
    return this.#channel.transport.signal
  }

  /** Bytes queued and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#channel.transport.bufferedBytes
  }

  /**
   * Sends a text message.
   *
   * @returns false when the peer takes less than it is given (await `drained()`), or the WebSocket is closing.
   */
  sendTextMessage(text: string): boolean {
    return this.#channel.sendText(text)
  }

  /** Sends a binary message; the caller must not change the bytes afterwards. Returns as `sendTextMessage`. */
  sendBytesMessage(data: Uint8Array): boolean {
    return this.#channel.sendBytes(data)
  }

  /**
   * Sends a ping; the peer's answer comes to `pongReceived`.
   *
   * @throws {RangeError} when the payload has more than 125 bytes.
   */
  ping(payload: Uint8Array = NO_BYTES): boolean {
    return this.#channel.sendPing(payload)
  }

  /** Resolves when more may be sent: true, or false when the connection is gone. */
  drained(): Promise<boolean> {
    return this.#channel.transport.drained()
  }

  /**
   * Begins the closing handshake; no further message is delivered. Does nothing when it has begun.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {RangeError} for another code or a longer reason.
   */
  loseConnection(code: number = 1000, reason: string = ''): void {
    this.#channel.close(code, reason)
  }

  /** Resets the connection, without a closing handshake. */
  abortConnection(cause?: unknown): void {
    this.#channel.transport.abortConnection(cause)
  }

  /** Makes `producer` wait whenever the peer takes less than it is given. */
  attachProducer(producer: PushProducer, streaming: true): void
  attachProducer(producer: PullProducer, streaming: false): void
  attachProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (streaming) this.#channel.transport.registerProducer(producer as PushProducer, true)
    else this.#channel.transport.registerProducer(producer, false)
  }

  /** The producer is done. */
  detachProducer(): void {
    this.#channel.transport.unregisterProducer()
  }

  /** Delivers no message until `resumeProducing`. */
  pauseProducing(): void {
    this.#channel.pause()
  }

  /** Delivers messages again, first those that came meanwhile. */
  resumeProducing(): void {
    this.#channel.resume()
  }

  /** The other end. */
  getPeer(): Address {
    return this.#channel.transport.getPeer()
  }

  /** Our end. */
  getHost(): Address {
    return this.#channel.transport.getHost()
  }
}

const NO_BYTES = new Uint8Array(0)
