import { CloseCode } from '../codec/close-frame.ts'
import { Activity } from './activity.ts'
import { type ChannelWatch, isWhole, type WatchedChannel } from './channel-watch.ts'
import { Closing } from './closing.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { ReaderEvent } from '../codec/message-reader.ts'
import type { WebSocketError } from '../errors.ts'
import { ConnectionDeflate } from '../deflate/connection-deflate.ts'
import { connectionGone, drainDelay } from './drain-delay.ts'
import { type Delivery, Inbox, type InboxOwner } from './inbox.ts'
import { type BegunMessage, IncomingMessages, type IncomingMessagesOwner } from './incoming-messages.ts'
import { logFault } from './log-fault.ts'
import type { LivenessOwner } from './liveness.ts'
import { Input, type InputOwner } from './input.ts'
import type { Opening } from './opening.ts'
import { Outbox, type OutboxOwner, type SendStatus } from './outbox.ts'
import { deliverPart, type Reception, receptionOf, takesRawText } from './part-delivery.ts'
import { PingPong, type PingPongOwner } from './ping-pong.ts'
import type { Prepared } from './prepared-message.ts'
import type { TurnHolder } from './send-queue.ts'
import { NO_TRAFFIC, type Traffic } from './traffic.ts'
import type { WebSocketClosed, WebSocketConnection } from './websocket-connection.ts'
import {
  CheckedWebSocketOptions,
  DEFAULT_WEBSOCKET_OPTIONS,
  type WebSocketOptions,
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
import { assertNever } from '@ropewalk/core/bytes'
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
    InputOwner,
    IncomingMessagesOwner,
    OutboxOwner,
    PingPongOwner,
    LivenessOwner,
    WatchedChannel
{
  readonly opening: Opening
  readonly autoPong: boolean
  readonly #protocol: WebSocketProtocol
  readonly #options: WebSocketOptions
  readonly #reception: Reception
  // Each part is made when it is first needed: most WebSockets are idle, and many never need some of them.
  #inputMade: Input | undefined
  #outboxMade: Outbox | undefined
  #inboxMade: Inbox | undefined
  #closingMade: Closing | undefined
  #messages: IncomingMessages | undefined
  #pingPong: PingPong | undefined
  #activity: Activity | undefined
  readonly #deflate: ConnectionDeflate | undefined
  readonly #watch: ChannelWatch | undefined

  /** @throws {TypeError | RangeError} when an option does not exist, has another type or is out of range. */
  constructor({ protocol, opening, options, watch }: WebSocketChannelSetup) {
    super()
    this.#watch = watch
    this.#protocol = protocol
    this.opening = opening
    const checked = CheckedWebSocketOptions.from('WebSocketChannel', options)
    this.#options = checked.values
    this.autoPong = this.#options.autoPong
    const { deflate, role } = opening
    this.#deflate = deflate && new ConnectionDeflate(deflate, role, checked.deflate)
    this.#reception = receptionOf(protocol)
  }

  get reactor(): Reactor {
    return this.transport.reactor
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#closingMade?.open ?? !this.transport.disconnecting
  }

  get signal(): AbortSignal {
    return this.#closing.signal
  }

  get bufferedBytes(): number {
    return this.#outboxMade?.bufferedBytes ?? this.transport.bufferedBytes
  }

  get heldBytes(): number {
    return (this.#inputMade?.heldBytes ?? 0) + this.#undeliveredBytes + this.bufferedBytes
  }

  get #undeliveredBytes(): number {
    return (this.#inboxMade?.heldBytes ?? 0) + (this.#messages?.heldBytes ?? 0)
  }

  override connectionMade(): void {
    const protocol = this.#protocol
    const transport = new WebSocketTransport(this)
    this.#activity = new Activity({ owner: this, options: this.#options, transport, protocol })
    void this.#call(() => protocol.negotiationStarted(transport))
    this.#activity.opened()
    if (!this.open) return
    this.#watch?.opened(this)
    const finished = this.#call(() => protocol.negotiationFinished())
    if (finished !== undefined) this.#inbox.waitFor(finished)
  }

  override dataReceived(data: Buffer): void {
    if (this.transport.disconnecting) return
    this.#activity?.received(data.length)
    this.#input.push(data)
  }

  /** The peer has ended its side, with a close frame before it or without. */
  readConnectionLost(): void {
    this.#input.end()
  }

  inputEnded(): void {
    this.#messages?.fail('the peer has ended the connection')
    this.#closing.peerEnded()
  }

  override connectionLost(cause: ConnectionClosed): void {
    this.#watch?.lost()
    this.#activity?.connectionLost()
    this.#outbox.stop()
    this.#inputMade?.stop()
    this.#deflate?.close()
    this.#messages?.fail('the connection is lost')
    this.#closing.lost(cause)
  }

  /**
   * The reactor is stopping: closes with `drainCode`, after a random part of `drainOverMs`, and the protocol's
   * `drain`, or the callbacks under way. Settles when the connection is gone.
   */
  async drain(): Promise<void> {
    const { drainCode, drainOverMs, drainReason } = this.#options
    if (this.open && drainOverMs > 0) await drainDelay(this.transport, drainOverMs)
    if (this.open) await this.#lastCallbacks()
    if (this.open) this.close(drainCode, drainReason)
    return connectionGone(this.transport)
  }

  sendText(text: string | Uint8Array, compress?: boolean): SendStatus {
    const status = this.#outbox.sendText(text, compress)
    if (status !== 'dropped') this.messageSent('text', text)
    return status
  }

  sendBytes(data: Uint8Array, compress?: boolean): SendStatus {
    const status = this.#outbox.sendBytes(data, compress)
    if (status !== 'dropped') this.messageSent('bytes', data)
    return status
  }

  sendPrepared(prepared: Prepared): SendStatus {
    const status = this.#outbox.sendPrepared(prepared)
    if (status !== 'dropped') for (const { kind, data } of prepared.messages) this.messageSent(kind, data)
    return status
  }

  async sendPatiently(kind: MessageKind, payload: string | Uint8Array, compress?: boolean): Promise<boolean> {
    const sent = await this.#outbox.sendPatiently(kind, payload, compress)
    if (sent) this.messageSent(kind, payload)
    return sent
  }

  takeTurn(holder: TurnHolder): boolean {
    if (this.open) this.#outbox.takeTurn(holder)
    return this.open
  }

  messageSent(kind: MessageKind, content: string | Uint8Array | number): void {
    this.#activity?.messageSent(kind, content)
    this.#watch?.heldMore()
  }

  sendPing(payload: Uint8Array): SendStatus {
    return this.#outbox.sendPing(payload)
  }

  sendPong(payload: Buffer): void {
    this.#outbox.sendPong(payload)
  }

  replyToPing(payload: Buffer): SendStatus {
    return this.#pings.pong(payload)
  }

  measureLatency(): Promise<number | undefined> {
    return this.#activity?.measureLatency() ?? Promise.resolve(undefined)
  }

  get latencyMs(): number | undefined {
    return this.#activity?.latencyMs
  }

  get traffic(): Traffic {
    return this.#activity?.traffic ?? NO_TRAFFIC
  }

  get busy(): boolean {
    return !this.#isIdle || this.#outboxMade?.busy === true
  }

  violated(error: WebSocketError): void {
    this.#messages?.fail('the peer has broken the rules')
    this.#closing.violated(error)
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
  deliver(message: Delivery): Promise<void> | undefined {
    const protocol = this.#protocol
    try {
      const result =
        message.type === 'text'
          ? protocol.textMessageReceived(message.text)
          : message.type === 'bytes'
            ? protocol.bytesMessageReceived(message.data)
            : deliverPart(protocol, message)
      return result === undefined ? undefined : settleSafely(result, (error) => this.fault(error))
    } catch (error) {
      this.fault(error)
      return undefined
    }
  }

  deliverPong(payload: Buffer): Promise<void> | undefined {
    return this.#call(() => this.#protocol.pongReceived(payload))
  }

  deliverPing(payload: Buffer): Promise<void> | undefined {
    return this.#call(() => this.#protocol.pingReceived(payload))
  }

  inboxChanged(): void {
    if (this.#isIdle) this.#closingMade?.inboxIdle()
    this.#inputMade?.read()
  }

  outboxFull(): void {
    this.close(CloseCode.tryAgainLater, 'Too many bytes wait to be sent')
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

  readOn(): void {
    this.#inputMade?.read()
  }

  #dropMessages(): void {
    this.#inbox.close()
    this.#messages?.fail('this side has closed the WebSocket')
    void Promise.resolve().then(() => this.inboxChanged())
  }

  get inputPaused(): boolean {
    return this.#inputMade?.paused === true
  }

  get takesEvents(): boolean {
    return !this.#full && !(this.#watch?.tooFast === true && this.open)
  }

  /** What is left at the end is little, unless it is compressed: 64 KiB can yield 64 MiB. */
  get takesEventsAtEnd(): boolean {
    return this.#deflate === undefined || this.#undeliveredBytes <= MAX_INFLATED_AT_END_BYTES
  }

  get #full(): boolean {
    return this.#inboxMade?.full === true || this.#messages?.full === true
  }

  inputParsed(bytes: number, event: ReaderEvent<Buffer> | undefined): void {
    this.#watch?.bytesRead(bytes, isWhole(event))
    if (event === undefined) this.#activity?.allRead(this.#input.midMessage)
  }

  inputRead(): void {
    this.#watch?.heldMore()
  }

  readingPaused(): void {
    // The time in which a peer waits that was too fast does count: else it could wait for ever.
    if (this.#full) this.#activity?.protocolBehind()
  }

  readingResumed(): void {
    this.#activity?.readingResumed()
  }

  skipsMessage(error: WebSocketError): boolean {
    let skips: unknown = false
    void this.#call(() => (skips = this.#protocol.messageTooLarge(error)))
    return skips === true
  }

  eventRead(event: ReaderEvent<Buffer>): void {
    switch (event.type) {
      case 'text':
        this.#activity?.messageReceived('text', event.text)
        this.#inbox.push(event)
        break
      case 'bytes':
      case 'raw-text':
        this.#activity?.messageReceived(event.type === 'bytes' ? 'bytes' : 'text', event.data)
        this.#inbox.push(event)
        break
      case 'ping':
        this.#pings.pingReceived(event.payload)
        break
      case 'pong':
        if (this.#activity?.pongReceived(event.payload) !== true) this.#pings.pongReceived(event.payload)
        break
      case 'close':
        this.#messages?.fail('the peer has closed the WebSocket')
        this.#closing.closeReceived(event)
        break
      case 'message-begin':
      case 'message-data':
      case 'frame-end':
      case 'message-end':
        this.#activity?.partReceived(event)
        if (this.#reception === 'parts') this.#inbox.push(event)
        else this.#incoming.push(event)
        break
      default:
        assertNever(event)
    }
  }

  /** Whether no message is held back, and no callback is pending. */
  get #isIdle(): boolean {
    return this.#inboxMade?.idle !== false
  }

  get #input(): Input {
    return (this.#inputMade ??= new Input(this, {
      role: this.opening.role,
      limits: this.#options,
      inflater: this.#deflate?.inflater,
      streaming: this.#reception !== 'whole',
      rawText: takesRawText(this.#protocol),
      graceMs: this.#options.departureGraceMs,
    }))
  }

  get #outbox(): Outbox {
    return (this.#outboxMade ??= new Outbox(this.opening.role, this, this.#options, this.#deflate?.outgoing))
  }

  get #inbox(): Inbox {
    return (this.#inboxMade ??= new Inbox(this.#options, this))
  }

  get #closing(): Closing {
    return (this.#closingMade ??= new Closing({
      owner: this,
      inbox: this.#inbox,
      outbox: this.#outbox,
      role: this.opening.role,
      options: this.#options,
      notify: (reason) => this.#notify(reason),
    }))
  }

  get #incoming(): IncomingMessages {
    const { maxBytesAhead, maxMessageBytes } = this.#options
    const most = maxMessageBytes === Infinity ? DEFAULT_WEBSOCKET_OPTIONS.maxMessageBytes : maxMessageBytes
    return (this.#messages ??= new IncomingMessages(this, maxBytesAhead, most))
  }

  get #pings(): PingPong {
    return (this.#pingPong ??= new PingPong(this))
  }

  #notify(reason: WebSocketClosed): void {
    this.#inbox.close()
    void this.#call(() => this.#protocol.connectionLost(reason))
    this.#activity?.closed(reason)
  }

  #lastCallbacks(): Promise<void> | undefined {
    const protocol: WebSocketProtocol & Partial<Drainable> = this.#protocol
    if (protocol.drain !== undefined) return this.#call(() => protocol.drain?.())
    return this.#closing.lastCallbacks()
  }

  /** Calls into user code; what goes wrong in it closes this WebSocket with 1011. */
  #call(call: () => unknown): Promise<void> | undefined {
    return callSafely(call, (error) => this.fault(error))
  }

  fault(error: unknown): void {
    // A callback that fails because the connection has ended is not at fault.
    if (this.#closingMade?.isEnd(error) === true || this.#messages?.isEnd(error) === true) return
    const violation = this.#messages?.violationOf(error)
    if (violation !== undefined) return this.#closing.violated(violation)
    logFault(this.transport, this.#protocol, error)
    this.#closing.callbackFailed(error)
  }
}

const MAX_INFLATED_AT_END_BYTES = 1_048_576
