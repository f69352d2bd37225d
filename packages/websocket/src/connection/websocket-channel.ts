import { type ChannelWatch, isWhole, type WatchedChannel } from './channel-watch.ts'
import { Closing } from './closing.ts'
import { MessageReader, type ReaderEvent } from '../codec/message-reader.ts'
import { WebSocketError } from '../errors.ts'
import { Inbox, type InboxOwner, type Message } from './inbox.ts'
import { NODE_PLATFORM } from './node-platform.ts'
import type { Opening } from './opening.ts'
import { Outbox, type OutboxOwner, type SendStatus } from './outbox.ts'
import { PingPong, type PingPongOwner } from './ping-pong.ts'
import type { WebSocketClosed, WebSocketConnection } from './websocket-connection.ts'
import { CheckedWebSocketOptions, type WebSocketOptions, webSocketOptions } from './websocket-options.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import { WebSocketTransport } from './websocket-transport.ts'
import {
  type Address,
  type ConnectionClosed,
  type Drainable,
  type HalfCloseable,
  Protocol,
  type PullProducer,
  type PushProducer,
  type Reactor,
} from '@ropewalk/core'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { logConnection } from '@ropewalk/core/log'
import type { GivenOptions } from '@ropewalk/core/options'
import { callSafely, settleSafely } from '@ropewalk/core/reactor'

/** What a channel is made with. */
export interface WebSocketChannelSetup {
  readonly protocol: WebSocketProtocol
  /** What the opening handshake agreed on. */
  readonly opening: Opening
  readonly options?: GivenOptions<WebSocketOptions> | CheckedWebSocketOptions | undefined
  /** The rules of a server for this WebSocket. Default: none. */
  readonly watch?: ChannelWatch | undefined
}

/**
 * Reads a connection's bytes as WebSocket messages, and writes messages as bytes.
 *
 * Its protocol receives whole messages. While it is paused, or a promise of a callback is pending, only
 * messages wait, within bounds: pings get their pongs, and the peer's close frame, its FIN and its violations
 * are noticed at once.
 */
export class WebSocketChannel
  extends Protocol
  implements
    HalfCloseable,
    Drainable,
    WebSocketConnection,
    InboxOwner,
    OutboxOwner,
    PingPongOwner,
    WatchedChannel
{
  readonly opening: Opening
  readonly #protocol: WebSocketProtocol
  readonly #options: WebSocketOptions
  readonly #input = new ByteQueue()
  readonly #reader: MessageReader<Buffer>
  readonly #outbox: Outbox
  readonly #inbox: Inbox
  #pingPong: PingPong | undefined
  #reading = false
  #inputPaused = false
  #inputEnded = false
  readonly #closing: Closing
  readonly #watch: ChannelWatch | undefined

  /** @throws {TypeError | RangeError} when an option does not exist, has another type or is out of range. */
  constructor({ protocol, opening, options, watch }: WebSocketChannelSetup) {
    super()
    this.#watch = watch
    this.#protocol = protocol
    this.opening = opening
    this.#options =
      options instanceof CheckedWebSocketOptions
        ? options.values
        : webSocketOptions('WebSocketChannel', options)
    this.#reader = new MessageReader({
      role: opening.role,
      limits: this.#options,
      platform: NODE_PLATFORM,
    })
    this.#outbox = new Outbox(opening.role, this)
    this.#inbox = new Inbox(this.#options, this)
    this.#closing = new Closing({
      owner: this,
      inbox: this.#inbox,
      outbox: this.#outbox,
      options: this.#options,
      notify: (reason) => this.#notify(reason),
    })
  }

  get reactor(): Reactor {
    return this.transport.reactor
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#closing.open
  }

  get signal(): AbortSignal {
    return this.#closing.signal
  }

  get bufferedBytes(): number {
    return this.transport.bufferedBytes
  }

  get heldBytes(): number {
    return this.#input.length + this.#reader.heldBytes + this.#inbox.heldBytes + this.bufferedBytes
  }

  override connectionMade(): void {
    const protocol = this.#protocol
    void this.#call(() => protocol.negotiationStarted(new WebSocketTransport(this)))
    if (!this.open) return
    this.#watch?.opened(this)
    const finished = this.#call(() => protocol.negotiationFinished())
    if (finished !== undefined) this.#inbox.waitFor(finished)
  }

  override dataReceived(data: Buffer): void {
    if (this.transport.disconnecting) return
    this.#input.push(data)
    this.#read()
  }

  /** The peer has ended its side, with a close frame before it or without. */
  readConnectionLost(): void {
    this.#inputEnded = true
    this.#read()
    this.#closing.peerEnded()
  }

  override connectionLost(cause: ConnectionClosed): void {
    this.#watch?.lost()
    this.#closing.lost(cause)
  }

  /**
   * The reactor is stopping: closes with 1001, after the protocol's `drain`, or the callbacks under way.
   * Settles when the connection is gone.
   */
  async drain(): Promise<void> {
    if (this.open) await this.#lastCallbacks()
    if (this.open) this.close(GOING_AWAY, '')
    return this.#gone()
  }

  sendText(text: string): SendStatus {
    const status = this.#outbox.sendText(text)
    this.#watch?.heldMore()
    return status
  }

  sendBytes(data: Uint8Array): SendStatus {
    const status = this.#outbox.sendBytes(data)
    this.#watch?.heldMore()
    return status
  }

  sendPing(payload: Uint8Array): SendStatus {
    return this.#outbox.sendPing(payload)
  }

  sendPong(payload: Buffer): void {
    this.#outbox.sendPong(payload)
  }

  async drained(): Promise<boolean> {
    return (await this.transport.drained()) && this.open
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (!this.open) return void this.#call(() => producer.stopProducing())
    // The overloads of attachProducer tie the flag to the kind.
    if (streaming) this.transport.registerProducer(producer as PushProducer, true)
    else this.transport.registerProducer(producer, false)
  }

  unregisterProducer(): void {
    this.transport.unregisterProducer()
  }

  /** Begins the closing handshake, unless it has begun. */
  close(code: number, reason: string): void {
    if (this.open) this.#closing.close(code, reason)
    this.#dropMessages()
  }

  async closeAfterCallbacks(code: number, reason: string): Promise<void> {
    if (this.open) await this.#closing.lastCallbacks()
    if (this.open) this.close(code, reason)
  }

  abort(cause: unknown): void {
    this.#dropMessages()
    this.transport.abortConnection(cause)
  }

  pause(): void {
    this.#inbox.pause()
  }

  resume(): void {
    this.#inbox.resume()
  }

  getPeer(): Address {
    return this.transport.getPeer()
  }

  getHost(): Address {
    return this.transport.getHost()
  }

  /** Written out rather than through `#call`: it runs for every message. */
  deliver(message: Message): Promise<void> | undefined {
    const protocol = this.#protocol
    try {
      const result =
        message.type === 'text'
          ? protocol.textMessageReceived(message.text)
          : protocol.bytesMessageReceived(message.data)
      return result === undefined ? undefined : settleSafely(result, (error) => this.#fault(error))
    } catch (error) {
      this.#fault(error)
      return undefined
    }
  }

  deliverPong(payload: Buffer): Promise<void> | undefined {
    return this.#call(() => this.#protocol.pongReceived(payload))
  }

  inboxChanged(): void {
    if (this.#inbox.idle) this.#closing.inboxIdle()
    this.#read()
  }

  readOn(): void {
    this.#read()
  }

  #dropMessages(): void {
    this.#inbox.close()
    void Promise.resolve().then(() => this.inboxChanged())
  }

  /** Reads what has come, for as long as messages are delivered, or may be held back. */
  #read(): void {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#mayRead()) {
        const before = this.#input.length
        const event = this.#reader.next(this.#input)
        this.#watch?.bytesRead(before - this.#input.length, isWhole(event))
        if (event === undefined) break
        this.#eventRead(event)
      }
    } catch (error) {
      if (error instanceof WebSocketError) this.#closing.violated(error)
      else this.transport.failConnection(error)
    }
    this.#reading = false
    this.#watch?.heldMore()
    this.#throttle()
  }

  /** After the peer's end nothing more comes, and what has come is little. */
  #mayRead(): boolean {
    if (this.transport.disconnecting) return false
    return this.#inputEnded || !(this.#inbox.full || (this.#watch?.tooFast === true && this.open))
  }

  #throttle(): void {
    if (this.transport.disconnecting || this.#inputPaused !== this.#mayRead()) return
    this.#inputPaused = !this.#inputPaused
    if (this.#inputPaused) this.transport.pauseProducing()
    else this.transport.resumeProducing()
  }

  #eventRead(event: ReaderEvent<Buffer>): void {
    switch (event.type) {
      case 'text':
      case 'bytes':
        this.#inbox.push(event)
        break
      case 'ping':
        this.#pings.pingReceived(event.payload)
        break
      case 'pong':
        this.#pings.pongReceived(event.payload)
        break
      case 'close':
        this.#closing.closeReceived(event)
        break
      // The reader returns these only with options that are not set here.
      case 'raw-text':
      case 'message-begin':
      case 'message-data':
      case 'frame-end':
      case 'message-end':
        break
      default:
        assertNever(event)
    }
  }

  get #pings(): PingPong {
    this.#pingPong ??= new PingPong(this)
    return this.#pingPong
  }

  #notify(reason: WebSocketClosed): void {
    this.#inbox.close()
    void this.#call(() => this.#protocol.connectionLost(reason))
  }

  #lastCallbacks(): Promise<void> | undefined {
    const protocol: WebSocketProtocol & Partial<Drainable> = this.#protocol
    if (protocol.drain !== undefined) return this.#call(() => protocol.drain?.())
    return this.#closing.lastCallbacks()
  }

  #gone(): Promise<void> {
    const { signal } = this.transport
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }

  /** Calls into user code; what goes wrong in it closes this WebSocket with 1011. */
  #call(call: () => unknown): Promise<void> | undefined {
    return callSafely(call, (error) => this.#fault(error))
  }

  #fault(error: unknown): void {
    // A callback that fails because the connection has ended is not at fault.
    if (this.#closing.isEnd(error)) return
    const { transport } = this
    const connection = logConnection(transport, this.#protocol)
    const text = 'A WebSocket protocol failed; it is closed'
    transport.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, connection, error })
    this.#closing.callbackFailed(error)
  }
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
