import { Closing } from './closing.ts'
import { MessageReader, type ReaderEvent } from '../codec/message-reader.ts'
import { WebSocketError } from '../errors.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import { ConnectionDeflate } from '../deflate/connection-deflate.ts'
import { type Delivery, Inbox, type InboxOwner } from './inbox.ts'
import { type BegunMessage, IncomingMessages, type IncomingMessagesOwner } from './incoming-messages.ts'
import { NODE_PLATFORM } from './node-platform.ts'
import type { Opening } from './opening.ts'
import { Outbox, type OutboxOwner, type SendStatus } from './outbox.ts'
import { deliverPart, type Reception, receptionOf, takesRawText } from './part-delivery.ts'
import { PingPong, type PingPongOwner } from './ping-pong.ts'
import type { Prepared } from './prepared-message.ts'
import type { TurnHolder } from './send-queue.ts'
import type { WebSocketClosed, WebSocketConnection } from './websocket-connection.ts'
import {
  CheckedWebSocketOptions,
  DEFAULT_WEBSOCKET_OPTIONS,
  type WebSocketOptions,
  webSocketOptions,
} from './websocket-options.ts'
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
import type { DelayedCall } from '@ropewalk/core/time'

/** What a channel is made with. */
export interface WebSocketChannelSetup {
  readonly protocol: WebSocketProtocol
  /** What the opening handshake agreed on. */
  readonly opening: Opening
  readonly options?: GivenOptions<WebSocketOptions> | CheckedWebSocketOptions | undefined
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
    IncomingMessagesOwner,
    OutboxOwner,
    PingPongOwner
{
  readonly opening: Opening
  readonly #protocol: WebSocketProtocol
  readonly #options: WebSocketOptions
  readonly #input = new ByteQueue()
  readonly #reader: MessageReader<Buffer>
  readonly #outbox: Outbox
  readonly #inbox: Inbox
  readonly #reception: Reception
  #messages: IncomingMessages | undefined
  #pingPong: PingPong | undefined
  #reading = false
  #inputPaused = false
  #inputEnded = false
  readonly #closing: Closing
  readonly #deflate: ConnectionDeflate | undefined
  /** The turn in which a large message is inflated further. Nothing is read before. */
  #nextSlice: DelayedCall | undefined

  /** @throws {TypeError | RangeError} when an option does not exist, has another type or is out of range. */
  constructor({ protocol, opening, options }: WebSocketChannelSetup) {
    super()
    this.#protocol = protocol
    this.opening = opening
    const checked =
      options instanceof CheckedWebSocketOptions
        ? options
        : new CheckedWebSocketOptions(webSocketOptions('WebSocketChannel', options))
    this.#options = checked.values
    const { deflate, role } = opening
    this.#deflate = deflate && new ConnectionDeflate(deflate, role, checked.deflate)
    this.#reception = receptionOf(protocol)
    this.#reader = new MessageReader({
      role,
      limits: this.#options,
      inflater: this.#deflate?.inflater,
      streaming: this.#reception !== 'whole',
      rawText: takesRawText(protocol),
      platform: NODE_PLATFORM,
    })
    this.#outbox = new Outbox(role, this, this.#options, this.#deflate?.outgoing)
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
    return this.#outbox.bufferedBytes
  }

  override connectionMade(): void {
    const protocol = this.#protocol
    void this.#call(() => protocol.negotiationStarted(new WebSocketTransport(this)))
    if (!this.open) return
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
    this.#endSlice()
    this.#read()
    this.#messages?.fail('the peer has ended the connection')
    this.#closing.peerEnded()
  }

  override connectionLost(cause: ConnectionClosed): void {
    this.#outbox.stop()
    this.#endSlice()
    this.#deflate?.close()
    this.#messages?.fail('the connection is lost')
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

  sendText(text: string | Uint8Array, compress?: boolean): SendStatus {
    return this.#outbox.sendText(text, compress)
  }

  sendBytes(data: Uint8Array, compress?: boolean): SendStatus {
    return this.#outbox.sendBytes(data, compress)
  }

  sendPrepared(prepared: Prepared): SendStatus {
    return this.#outbox.sendPrepared(prepared)
  }

  sendPatiently(kind: MessageKind, payload: string | Uint8Array, compress?: boolean): Promise<boolean> {
    return this.#outbox.sendPatiently(kind, payload, compress)
  }

  takeTurn(holder: TurnHolder): boolean {
    if (this.open) this.#outbox.takeTurn(holder)
    return this.open
  }

  sendPing(payload: Uint8Array): SendStatus {
    return this.#outbox.sendPing(payload)
  }

  sendPong(payload: Buffer): void {
    this.#outbox.sendPong(payload)
  }

  async drained(): Promise<boolean> {
    return (await this.#outbox.drained()) && this.open
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (!this.open) return void this.#call(() => producer.stopProducing())
    this.#outbox.registerProducer(producer, streaming)
  }

  unregisterProducer(): void {
    this.#outbox.unregisterProducer()
  }

  /** Begins the closing handshake, unless it has begun. */
  close(code: number | undefined, reason: string): void {
    if (this.open) this.#closing.close(code, reason)
    this.#dropMessages()
  }

  fail(error: unknown): void {
    this.#closing.callbackFailed(error)
  }

  fault(error: unknown): void {
    this.#fault(error)
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
  deliver(message: Delivery): Promise<void> | undefined {
    const protocol = this.#protocol
    try {
      const result =
        message.type === 'text'
          ? protocol.textMessageReceived(message.text)
          : message.type === 'bytes'
            ? protocol.bytesMessageReceived(message.data)
            : deliverPart(protocol, message)
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

  outboxFull(): void {
    this.close(TRY_AGAIN_LATER, 'Too many bytes wait to be sent')
  }

  callProducer(call: () => unknown): void {
    void this.#call(call)
  }

  messageRead(): void {
    this.#inbox.progressed()
  }

  messageBegun(begun: BegunMessage): boolean {
    return this.#inbox.push(begun)
  }

  #dropMessages(): void {
    this.#inbox.close()
    this.#messages?.fail('this side has closed the WebSocket')
    void Promise.resolve().then(() => this.inboxChanged())
  }

  /** Reads what has come, for as long as messages are delivered, or may be held back. */
  #read(): void {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#mayRead()) {
        const event = this.#reader.next(this.#input)
        if (event === undefined && this.#goesOn()) continue
        if (event === undefined) break
        this.#eventRead(event)
      }
    } catch (error) {
      this.#messages?.fail('the peer has broken the rules')
      if (error instanceof WebSocketError) this.#closing.violated(error)
      else this.transport.failConnection(error)
    }
    this.#reading = false
    this.#throttle()
  }

  /** Whether a large message is to be inflated further now: at the peer's end. Else that is done in a later turn. */
  #goesOn(): boolean {
    if (!this.#reader.unfinished || this.#inputEnded) return this.#reader.unfinished
    this.#nextSlice = this.reactor.callLater(0, () => {
      this.#nextSlice = undefined
      this.#read()
    })
    return false
  }

  #endSlice(): void {
    this.#nextSlice?.cancel()
    this.#nextSlice = undefined
  }

  /** After the peer's end nothing more comes, and what has come is little. */
  #mayRead(): boolean {
    if (this.#nextSlice !== undefined || this.transport.disconnecting) return false
    const full = this.#inbox.full || this.#messages?.full === true
    return !full || this.#inputEnded
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
        this.#messages?.fail('the peer has closed the WebSocket')
        this.#closing.closeReceived(event)
        break
      case 'raw-text':
        this.#inbox.push(event)
        break
      case 'message-begin':
      case 'message-data':
      case 'frame-end':
      case 'message-end':
        if (this.#reception === 'parts') this.#inbox.push(event)
        else this.#incoming.push(event)
        break
      default:
        assertNever(event)
    }
  }

  get #incoming(): IncomingMessages {
    const { maxBytesAhead, maxMessageBytes } = this.#options
    const most = maxMessageBytes === Infinity ? DEFAULT_WEBSOCKET_OPTIONS.maxMessageBytes : maxMessageBytes
    this.#messages ??= new IncomingMessages(this, maxBytesAhead, most)
    return this.#messages
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
    if (this.#closing.isEnd(error) || this.#messages?.isEnd(error) === true) return
    const violation = this.#messages?.violationOf(error)
    if (violation !== undefined) return this.#closing.violated(violation)
    const { transport } = this
    const connection = logConnection(transport, this.#protocol)
    const text = 'A WebSocket protocol failed; it is closed'
    transport.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, connection, error })
    this.#closing.callbackFailed(error)
  }
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
/** Registered with IANA after RFC 6455. */
const TRY_AGAIN_LATER = 1013
