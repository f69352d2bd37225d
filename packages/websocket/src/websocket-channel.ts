import { type ConnectionClosed, Deadline, logConnection, Protocol } from '@ropewalk/core'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import type { GivenOptions } from '@ropewalk/core/options'
import type { Request } from '@ropewalk/http'
import { WebSocketError } from './errors.ts'
import type { WebSocketClosed } from './websocket-closed.ts'
import type { WebSocketConnection } from './websocket-connection.ts'
import { type WebSocketOptions, webSocketOptions } from './websocket-options.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import { WebSocketTransport } from './websocket-transport.ts'
import type { CloseFrame } from './wire/close-frame.ts'
import { closingAfter, type ClosingState } from './wire/closing.ts'
import { FrameWriter } from './wire/frame-writer.ts'
import { type MessageEvent, MessageReader } from './wire/message-reader.ts'

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
 * Its protocol hears of whole messages only; pings are answered here, and so is a peer that breaks
 * the rules, with the close code that says how.
 */
export class WebSocketChannel extends Protocol implements WebSocketConnection {
  readonly request: Request
  readonly subprotocol: string | undefined
  readonly #protocol: WebSocketProtocol
  readonly #options: WebSocketOptions
  readonly #input = new ByteQueue()
  readonly #reader: MessageReader
  readonly #writer = new FrameWriter({ role: 'server' })
  #closing: ClosingState = 'open'
  #peerClose: { readonly code: number; readonly reason: string } | undefined
  #sentCode: number | undefined
  #closedBy: WebSocketClosed['closedBy'] = 'nobody'
  #deadline: Deadline | undefined
  #paused = false
  #drained: (() => void) | undefined
  /** Whether a callback's promise holds back the next message. */
  #waiting = false
  #reading = false
  /** The payload of the newest ping that is not answered yet. */
  #owedPong: Buffer | undefined

  /** @throws {TypeError | RangeError} when an option does not exist, has another type or is out of range. */
  constructor({ protocol, request, subprotocol, options }: WebSocketChannelSetup) {
    super()
    this.#protocol = protocol
    this.request = request
    this.subprotocol = subprotocol
    this.#options = webSocketOptions('WebSocketChannel', options)
    this.#reader = new MessageReader({ role: 'server', limits: this.#options })
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#closing === 'open' && !this.transport.disconnecting
  }

  override connectionMade(): void {
    const protocol = this.#protocol
    void this.#tell(() => protocol.negotiationStarted(new WebSocketTransport(this)))
    if (this.open) this.#deliver(() => protocol.negotiationFinished())
  }

  override dataReceived(data: Buffer): void {
    if (this.transport.disconnecting) return
    this.#input.push(data)
    this.#read()
  }

  /** The peer closed its side without a close frame, or after it. */
  readConnectionLost(): void {
    this.transport.loseConnection()
  }

  override connectionLost(cause: ConnectionClosed): void {
    this.#deadline?.clear()
    this.#drained?.()
    const reason = this.#closed(cause)
    this.#closing = closingAfter(this.#closing, 'connection-lost')
    const protocol = this.#protocol
    void this.#tell(() => protocol.connectionLost(reason))
  }

  /** The server is stopping: closes with 1001. Settles when the connection is gone. */
  drain(): Promise<void> {
    this.close(1001, '')
    return new Promise((resolve) => {
      this.#drained = resolve
    })
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

  /** Begins the closing handshake. */
  close(code: number, reason: string): void {
    if (!this.open) return
    this.#sendClose(code, reason)
    if (this.transport.bufferedBytes <= PONG_HOLD_BYTES) this.#awaitClose()
    else void this.transport.drained().then((goOn) => goOn && this.#awaitClose())
    this.#resumeInput()
  }

  /** The time begins when our close frame can have reached the peer, not behind megabytes in front of it. */
  #awaitClose(): void {
    if (this.#closing !== 'closed-by-us') return
    const { closeTimeoutMs } = this.#options
    const { transport } = this
    this.#deadline = new Deadline(transport.reactor, () =>
      transport.abortConnection(new Error(`No close frame came within ${closeTimeoutMs} ms`)),
    )
    this.#deadline.set(closeTimeoutMs)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#resumeInput()
  }

  /** Delivers what has come whole, for as long as the protocol keeps up. */
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
      if (!(error instanceof WebSocketError)) throw error
      this.#fail(error.closeCode, error.message)
    } finally {
      this.#reading = false
    }
    if (!this.#mayRead()) this.transport.pauseProducing()
  }

  /** Once we have said goodbye, only the peer's goodbye is waited for, whoever is behind. */
  #mayRead(): boolean {
    if (this.transport.disconnecting) return false
    return this.#closing !== 'open' || (!this.#paused && !this.#waiting)
  }

  #eventRead(event: MessageEvent): void {
    const protocol = this.#protocol
    switch (event.type) {
      case 'text':
        if (this.open) this.#deliver(() => protocol.textMessageReceived(event.text))
        break
      case 'bytes':
        if (this.open) this.#deliver(() => protocol.bytesMessageReceived(event.data))
        break
      case 'ping':
        this.#pingReceived(event.payload)
        break
      case 'pong':
        if (this.open) this.#deliver(() => protocol.pongReceived(event.payload))
        break
      case 'close':
        this.#closeReceived(event)
        break
      default:
        assertNever(event)
    }
  }

  /** RFC 6455 §5.5.3: of several pings, the newest alone may be answered; we do so when the peer takes little. */
  #pingReceived(payload: Buffer): void {
    if (!this.open) return
    const owed = this.#owedPong !== undefined
    this.#owedPong = payload
    if (owed) return
    if (this.transport.bufferedBytes <= PONG_HOLD_BYTES) this.#answerPing()
    else void this.transport.drained().then(() => this.#answerPing())
  }

  #answerPing(): void {
    if (this.#owedPong !== undefined && this.open) this.#writer.pong(this.#owedPong, this.transport)
    this.#owedPong = undefined
  }

  #closeReceived({ code, reason }: CloseFrame): void {
    this.#peerClose = { code: code ?? NO_STATUS, reason }
    if (this.#closing === 'open') this.#closedBy = 'peer'
    this.#closing = closingAfter(this.#closing, 'close-received')
    this.#deadline?.clear()
    if (this.#closing !== 'closed') this.#sendClose(code, '')
    this.transport.loseConnection()
  }

  /** @param code undefined for a close frame without one. */
  #sendClose(code: number | undefined, reason: string): void {
    this.#writer.close({ code, reason }, this.transport)
    if (this.#closing === 'open') this.#closedBy = 'us'
    this.#sentCode = code ?? NO_STATUS
    this.#closing = closingAfter(this.#closing, 'close-sent')
  }

  /** RFC 6455 §7.1.7: says why, and closes without waiting for the peer's close frame. */
  #fail(code: number, reason: string): void {
    if (this.open) this.#sendClose(code, reason)
    this.transport.loseConnection()
  }

  #closed(cause: ConnectionClosed): WebSocketClosed {
    const { code, reason } = this.#peerClose ?? { code: ABNORMAL, reason: '' }
    return { code, reason, closedBy: this.#closedBy, sentCode: this.#sentCode, cause }
  }

  #deliver(call: () => void | Promise<void>): void {
    const pending = this.#tell(call)
    if (pending === undefined) return
    this.#waiting = true
    void pending.then(() => {
      this.#waiting = false
      this.#resumeInput()
    })
  }

  #resumeInput(): void {
    this.transport.resumeProducing()
    this.#read()
  }

  /** Calls into user code; what goes wrong in it closes this WebSocket with 1011. */
  #tell(call: () => void | Promise<void>): Promise<void> | undefined {
    try {
      return call()?.catch((error: unknown) => this.#fault(error))
    } catch (error) {
      this.#fault(error)
      return undefined
    }
  }

  #fault(error: unknown): void {
    const { transport } = this
    const connection = logConnection(transport, this.#protocol)
    const text = 'A WebSocket protocol failed; it is closed'
    transport.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, connection, error })
    this.#fail(INTERNAL_ERROR, '')
  }
}

/** RFC 6455 §7.4.1: what stands for a close frame without a code, no close frame, and a fault of ours. */
const NO_STATUS = 1005
const ABNORMAL = 1006
const INTERNAL_ERROR = 1011
/** With more than this unsent, a pong waits for its turn, and for newer pings. */
const PONG_HOLD_BYTES = 16_384
