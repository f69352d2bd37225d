import { ClosingHandshake } from './closing-handshake.ts'
import type { CloseFrame } from './codec/close-frame.ts'
import { FrameWriter } from './codec/frame-writer.ts'
import { type MessageEvent, MessageReader } from './codec/message-reader.ts'
import { Draining } from './draining.ts'
import { EndNotice } from './end-notice.ts'
import { WebSocketError } from './errors.ts'
import { Inbox, type InboxOwner, type Message } from './inbox.ts'
import { PingPong, type PingPongOwner, PONG_HOLD_BYTES } from './ping-pong.ts'
import type { WebSocketConnection } from './websocket-connection.ts'
import { type WebSocketOptions, webSocketOptions } from './websocket-options.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import { WebSocketTransport } from './websocket-transport.ts'
import {
  type Address,
  type ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  type Drainable,
  type HalfCloseable,
  isConnectionEnd,
  Protocol,
  type PullProducer,
  type PushProducer,
  type Reactor,
} from '@ropewalk/core'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { logConnection } from '@ropewalk/core/log'
import type { GivenOptions } from '@ropewalk/core/options'
import { callSafely, settleSafely } from '@ropewalk/core/reactor'
import { Deadline } from '@ropewalk/core/time'
import type { Request } from '@ropewalk/http'

/** What a channel is made with. */
export interface WebSocketChannelSetup {
  readonly protocol: WebSocketProtocol
  /** The request that was answered with 101. */
  readonly request: Request
  /** The subprotocol that the answer named. */
  readonly subprotocol?: string | undefined
  readonly options?: GivenOptions<WebSocketOptions> | undefined
}

/**
 * Reads a connection's bytes as WebSocket messages, and writes messages as bytes.
 *
 * Its protocol is given whole messages. While it is paused, or a promise of a callback is pending, messages
 * alone wait, within bounds: pings are answered, and the peer's close frame, its leaving and what it does
 * against the rules are noticed at once.
 */
export class WebSocketChannel
  extends Protocol
  implements HalfCloseable, Drainable, WebSocketConnection, InboxOwner, PingPongOwner
{
  readonly request: Request
  readonly subprotocol: string | undefined
  readonly #protocol: WebSocketProtocol
  readonly #options: WebSocketOptions
  readonly #input = new ByteQueue()
  readonly #reader: MessageReader
  readonly #writer = new FrameWriter({ role: 'server' })
  readonly #inbox: Inbox
  #pingPong: PingPong | undefined
  #reading = false
  #inputPaused = false
  #inputEnded = false
  readonly #closing = new ClosingHandshake()
  #closeDeadline: Deadline | undefined
  /** Why nothing more can be sent: the reason of `signal`. */
  #end: ConnectionClosed | undefined
  #abort: AbortController | undefined
  /** What ends the exchange and waits for callbacks that need only microtasks. */
  #ending: Promise<void> | undefined
  #endNotice: EndNotice | undefined
  #draining: Draining | undefined

  /** @throws {TypeError | RangeError} when an option does not exist, has another type or is out of range. */
  constructor({ protocol, request, subprotocol, options }: WebSocketChannelSetup) {
    super()
    this.#protocol = protocol
    this.request = request
    this.subprotocol = subprotocol
    this.#options = webSocketOptions('WebSocketChannel', options)
    this.#reader = new MessageReader({ role: 'server', limits: this.#options })
    this.#inbox = new Inbox(this.#options, this)
  }

  get reactor(): Reactor {
    return this.transport.reactor
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#closing.state === 'open' && !this.transport.disconnecting
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#end !== undefined) this.#abort.abort(this.#end)
    return this.#abort.signal
  }

  get bufferedBytes(): number {
    return this.transport.bufferedBytes
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
    this.#read()
    this.#whenSettled(() => this.#peerLeft('The peer has ended the connection'))
  }

  override connectionLost(cause: ConnectionClosed): void {
    this.#closeDeadline?.clear()
    this.#abortWith(cause)
    this.#draining?.over()
    this.#notice.lost(this.#closing.lost(cause))
  }

  /**
   * The reactor is stopping: closes with 1001, after the protocol's `drain`, or the callbacks under way.
   * Settles when the connection is gone.
   */
  async drain(): Promise<void> {
    const draining = new Draining(this.reactor)
    this.#draining = draining
    if (this.open) await this.#lastCallbacks(draining)
    if (this.open) this.close(GOING_AWAY, '')
    return draining.gone
  }

  sendText(text: string): boolean {
    if (!this.open) return false
    return this.#writer.text(text, this.transport)
  }

  sendBytes(data: Uint8Array): boolean {
    if (!this.open) return false
    return this.#writer.bytes(data, this.transport)
  }

  sendPing(payload: Uint8Array): boolean {
    if (!this.open) return false
    return this.#writer.ping(payload, this.transport)
  }

  sendPong(payload: Buffer): void {
    this.#writer.pong(payload, this.transport)
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
    if (!this.open) return this.#dropMessages()
    this.#sendClose({ code, reason })
    this.#dropMessages()
    if (this.transport.bufferedBytes <= PONG_HOLD_BYTES) this.#awaitClose()
    else void this.transport.drained().then((goOn) => goOn && this.#awaitClose())
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
    if (this.#inbox.idle) {
      this.#draining?.idle()
      this.#endNotice?.idle()
    }
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
        const event = this.#reader.next(this.#input)
        if (event === undefined) break
        this.#eventRead(event)
      }
    } catch (error) {
      if (error instanceof WebSocketError) this.#whenSettled(() => this.#violated(error))
      else this.transport.failConnection(error)
    }
    this.#reading = false
    this.#throttle()
  }

  /** After the peer's end nothing more comes, and what has come is little. */
  #mayRead(): boolean {
    return !this.transport.disconnecting && (!this.#inbox.full || this.#inputEnded)
  }

  #throttle(): void {
    if (this.transport.disconnecting || this.#inputPaused !== this.#mayRead()) return
    this.#inputPaused = !this.#inputPaused
    if (this.#inputPaused) this.transport.pauseProducing()
    else this.transport.resumeProducing()
  }

  #eventRead(event: MessageEvent): void {
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
        this.#whenSettled(() => this.#closeReceived(event))
        break
      default:
        assertNever(event)
    }
  }

  get #pings(): PingPong {
    this.#pingPong ??= new PingPong(this)
    return this.#pingPong
  }

  /** Carries out what ends the exchange once quick callbacks have returned, however the bytes before it were cut. */
  #whenSettled(act: () => void): void {
    if (this.#inbox.idle && this.#ending === undefined)
      return this.transport.disconnecting ? undefined : act()
    const before = this.#ending ?? this.#inbox.settled()
    const acted = before.then(() => (this.transport.disconnecting ? undefined : act()))
    this.#ending = acted.catch((error: unknown) => this.transport.failConnection(error))
  }

  #closeReceived(frame: CloseFrame): void {
    const isFirst = this.#closing.state === 'open'
    this.#closing.received(frame)
    this.#closeDeadline?.clear()
    if (isFirst) this.#sendClose({ code: frame.code, reason: '' })
    this.#peerLeft('The peer has closed the WebSocket')
  }

  /** Nothing more can be sent: callbacks under way have the grace, the connection closes now. */
  #peerLeft(how: string): void {
    this.#abortWith(new ConnectionDone(how))
    const waits = this.#closing.closedBy !== 'us' && !this.#inbox.idle
    if (waits) this.#notice.awaitCallbacks(this.#options.departureGraceMs)
    this.#hangUp()
  }

  #sendClose(frame: CloseFrame): void {
    this.#writer.close(frame, this.transport)
    this.#closing.sent(frame)
    this.transport.stopProducer()
  }

  /** The time begins when our close frame can have reached the peer, not while megabytes wait before it. */
  #awaitClose(): void {
    if (this.#closing.state !== 'closed-by-us') return
    const { closeTimeoutMs } = this.#options
    const { transport } = this
    this.#closeDeadline = new Deadline(transport.reactor, () =>
      transport.abortConnection(new Error(`No close frame came within ${closeTimeoutMs} ms`)),
    )
    this.#closeDeadline.set(closeTimeoutMs)
  }

  #violated(error: WebSocketError): void {
    if (this.open) this.#closing.violated(error.violation)
    this.#fail(error.closeCode, error.message, 'The peer has broken the rules of the WebSocket', error)
  }

  /** RFC 6455 §7.1.7: sends why, and closes without waiting for the peer's close frame. */
  #fail(code: number, reason: string, end: string, cause: unknown): void {
    this.#inbox.close()
    if (this.open) this.#sendClose({ code, reason })
    this.#abortWith(new ConnectionLost(end, { cause }))
    this.#hangUp()
  }

  #hangUp(): void {
    this.transport.stopProducer()
    this.transport.loseConnection()
  }

  #abortWith(end: ConnectionClosed): void {
    this.#end ??= end
    this.#abort?.abort(this.#end)
  }

  get #notice(): EndNotice {
    this.#endNotice ??= new EndNotice(this.reactor, (reason) => {
      this.#inbox.close()
      void this.#call(() => this.#protocol.connectionLost(reason))
    })
    return this.#endNotice
  }

  #lastCallbacks(draining: Draining): Promise<void> | undefined {
    const protocol: WebSocketProtocol & Partial<Drainable> = this.#protocol
    if (protocol.drain !== undefined) return this.#call(() => protocol.drain?.())
    this.#inbox.close()
    return this.#inbox.idle ? undefined : draining.callbacks(this.#options.drainGraceMs)
  }

  /** Calls into user code; what goes wrong in it closes this WebSocket with 1011. */
  #call(call: () => unknown): Promise<void> | undefined {
    return callSafely(call, (error) => this.#fault(error))
  }

  #fault(error: unknown): void {
    // A callback that fails because the connection has ended is not at fault.
    if (isConnectionEnd(error, this.#end) || isConnectionEnd(error, this.#endNotice?.reason?.cause)) return
    const { transport } = this
    const connection = logConnection(transport, this.#protocol)
    const text = 'A WebSocket protocol failed; it is closed'
    transport.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, connection, error })
    this.#fail(INTERNAL_ERROR, '', 'A callback of the WebSocket has failed', error)
  }
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
const INTERNAL_ERROR = 1011
