import {
  type ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  isConnectionEnd,
  type Transport,
} from '@ropewalk/core'
import { Deadline } from '@ropewalk/core/time'
import {
  type CallbackWait,
  type ClosingEvent,
  closingAfter,
  type ClosingState,
  OPEN,
} from './closing-handshake.ts'
import { CloseCode, type CloseFrame } from '../codec/close-frame.ts'
import type { Role } from '../codec/frame-header.ts'
import { EndNotice } from './end-notice.ts'
import type { WebSocketError, WebSocketViolation } from '../errors.ts'
import type { Inbox } from './inbox.ts'
import type { Outbox } from './outbox.ts'
import { PONG_HOLD_BYTES } from './ping-pong.ts'
import type { WebSocketClosed } from './websocket-connection.ts'
import type { WebSocketOptions } from './websocket-options.ts'

/** What a Closing is made with. */
export interface ClosingSetup {
  /** The channel, whose transport is set later. */
  readonly owner: { readonly transport: Transport }
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly role: Role
  readonly options: WebSocketOptions
  /** Calls `connectionLost` of the protocol. Called once, last. */
  readonly notify: (reason: WebSocketClosed) => void
}

/**
 * Ends one WebSocket: sends its close frame, closes TCP, limits every wait, and aborts `signal`. The states
 * and their order are those of closing-handshake.ts.
 */
export class Closing {
  readonly #setup: ClosingSetup
  #state: ClosingState = OPEN
  #abort: AbortController | undefined
  #notice: EndNotice | undefined
  /** Limits a client's wait for the server to close TCP. */
  #serverWait: Deadline | undefined
  /** Settles when every end so far has been carried out; undefined when none had to wait for callbacks. */
  #settled: Promise<void> | undefined

  constructor(setup: ClosingSetup) {
    this.#setup = setup
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    const { is } = this.#state
    return (is === 'open' || is === 'draining') && !this.#transport.disconnecting
  }

  /** Aborted with its reason in `disconnecting` and `lost`. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    this.#abortSignal()
    return this.#abort.signal
  }

  /** Whether `error` only states that this WebSocket has ended. */
  isEnd(error: unknown): boolean {
    const state = this.#state
    if (state.is !== 'disconnecting' && state.is !== 'lost') return false
    if (isConnectionEnd(error, state.end)) return true
    return state.is === 'lost' && isConnectionEnd(error, state.how.cause)
  }

  /**
   * Begins the closing handshake. Only while `open`.
   *
   * @throws {RangeError} for a code or reason that cannot be sent.
   */
  close(code: number | undefined, reason: string): void {
    this.#sendClose({ code, reason })
    const { outbox } = this.#setup
    if (outbox.bufferedBytes <= PONG_HOLD_BYTES && !outbox.busy) this.#awaitClose()
    else void outbox.drained().then((writable) => writable && this.#awaitClose())
  }

  /** The peer's close frame has arrived. */
  closeReceived(frame: CloseFrame): void {
    this.#whenSettled(() => {
      const isFirst = this.#state.is !== 'closed-by-us'
      this.#clearTimeout()
      this.#become({ is: 'close-received', frame })
      if (isFirst) this.#sendClose({ code: frame.code, reason: '' })
      this.#peerLeft('The peer has closed the WebSocket', this.#setup.role === 'client')
    })
  }

  /** The peer's FIN has arrived. */
  peerEnded(): void {
    this.#whenSettled(() => this.#peerLeft('The peer has ended the connection', false))
  }

  /** The peer has broken the rules. */
  violated(error: WebSocketError): void {
    const { closeCode, message, violation } = error
    this.#whenSettled(() => {
      const end = new ConnectionLost('The peer has broken the rules of the WebSocket', { cause: error })
      this.#fail({ code: closeCode, reason: message }, end, violation)
    })
  }

  /** A callback has failed. */
  callbackFailed(error: unknown): void {
    const end = new ConnectionLost('A callback of the WebSocket has failed', { cause: error })
    this.#fail({ code: CloseCode.internalError, reason: '' }, end)
  }

  /** The connection is gone. */
  lost(cause: ConnectionClosed): void {
    this.#clearTimeout()
    this.#serverWait?.clear()
    this.#become({ is: 'connection-lost', cause })
    if (this.#state.is === 'lost') this.#endNotice.lost(this.#state.how)
  }

  /**
   * The reactor stops: drops all messages. Resolves when no callback is pending or the WebSocket ends, after
   * `drainGraceMs` at the latest. Only while `open`.
   */
  lastCallbacks(): Promise<void> | undefined {
    const { inbox, options } = this.#setup
    inbox.close()
    if (inbox.idle) return undefined
    const state = this.#state
    if (state.is === 'draining') return state.wait.settled
    let over = (): void => undefined
    const settled = new Promise<void>((resolve) => (over = resolve))
    const grace = new Deadline(this.#transport.reactor, over)
    grace.set(options.drainGraceMs)
    this.#become({ is: 'stop', wait: { settled, over, grace } })
    return settled
  }

  /** Ends the waits for callbacks: no callback is pending, and no message is held back. */
  inboxIdle(): void {
    if (this.#state.is === 'draining') endWait(this.#state.wait)
    this.#notice?.idle()
  }

  get #transport(): Transport {
    return this.#setup.owner.transport
  }

  get #endNotice(): EndNotice {
    this.#notice ??= new EndNotice(this.#transport.reactor, this.#setup.notify)
    return this.#notice
  }

  /** Calls `act` once quick callbacks have returned, however the bytes before the end were cut. */
  #whenSettled(act: () => void): void {
    const { inbox } = this.#setup
    if (inbox.idle && this.#settled === undefined) return this.#transport.disconnecting ? undefined : act()
    const before = this.#settled ?? inbox.settled()
    const acted = before.then(() => (this.#transport.disconnecting ? undefined : act()))
    this.#settled = acted.catch((error: unknown) => this.#transport.failConnection(error))
  }

  /**
   * Closes the connection, now or when the server has. Callbacks under way have a grace period, unless we closed
   * first.
   */
  #peerLeft(how: string, serverCloses: boolean): void {
    // The server has ended the connection, as this side has waited for.
    if (this.#serverWait !== undefined) return this.#disconnect()
    this.#endSending(new ConnectionDone(how))
    const { inbox, options } = this.#setup
    const state = this.#state
    const closedByUs = state.is === 'disconnecting' && state.frames.closedBy === 'us'
    if (!closedByUs && !inbox.idle) this.#endNotice.awaitCallbacks(options.departureGraceMs)
    if (serverCloses) this.#awaitServer()
    else this.#disconnect()
  }

  /**
   * RFC 6455 §7.1.1: the server closes TCP first, so that no client holds a connection in TIME_WAIT. It waits for
   * our close frame, so a message in parts that has not ended is dropped, as when this side closes TCP.
   */
  #awaitServer(): void {
    this.#transport.stopProducer()
    this.#setup.outbox.finish()
    this.#serverWait = new Deadline(this.#transport.reactor, () => this.#disconnect())
    this.#serverWait.set(this.#setup.options.closeTimeoutMs)
  }

  /** RFC 6455 §7.1.7: sends why, and closes without waiting for the peer's close frame. */
  #fail(frame: CloseFrame, end: ConnectionClosed, violation?: WebSocketViolation): void {
    this.#setup.inbox.close()
    if (this.open) this.#sendClose(frame, violation)
    this.#endSending(end)
    this.#disconnect()
  }

  /** Nothing more can be sent. The first reason counts: a callback may fail after the peer has left. */
  #endSending(end: ConnectionClosed): void {
    const { is } = this.#state
    if (is !== 'disconnecting' && is !== 'lost') this.#become({ is: 'disconnect', end })
  }

  #sendClose(frame: CloseFrame, violation?: WebSocketViolation): void {
    const transport = this.#transport
    const { outbox, options } = this.#setup
    const timeout = new Deadline(transport.reactor, () =>
      transport.abortConnection(new Error(`No close frame came within ${options.closeTimeoutMs} ms`)),
    )
    outbox.sendClose(frame, () => this.#become({ is: 'close-sent', frame, violation, timeout }))
    transport.stopProducer()
  }

  /** The time begins when our close frame can have reached the peer, not while megabytes wait before it. */
  #awaitClose(): void {
    if (this.#state.is === 'closed-by-us') this.#state.timeout.set(this.#setup.options.closeTimeoutMs)
  }

  #clearTimeout(): void {
    const state = this.#state
    if (state.is === 'closed-by-us' || state.is === 'disconnecting') state.timeout?.clear()
  }

  #disconnect(): void {
    this.#serverWait?.clear()
    this.#transport.stopProducer()
    this.#setup.outbox.finish()
    this.#transport.loseConnection()
  }

  #become(event: ClosingEvent): void {
    const before = this.#state
    this.#state = closingAfter(before, event)
    if (before.is === 'draining') endWait(before.wait)
    this.#abortSignal()
  }

  #abortSignal(): void {
    const state = this.#state
    if (state.is === 'disconnecting' || state.is === 'lost') this.#abort?.abort(state.end)
  }
}

function endWait({ grace, over }: CallbackWait): void {
  grace.clear()
  over()
}
