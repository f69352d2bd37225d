import { ConnectionDone, Deadline, type Reactor, type TriggerId } from '@ropewalk/core'
import type { WebSocketClosed } from './websocket-connection.ts'

/**
 * When a protocol is notified that its WebSocket is gone: at once, or, if the peer has left while
 * callbacks were under way, when they have returned, within bounds.
 */
export class EndNotice {
  readonly #reactor: Reactor
  readonly #notify: (reason: WebSocketClosed) => void
  #grace: Deadline | undefined
  #reason: WebSocketClosed | undefined
  /** Ends the wait when the reactor stops: its deadlines pass no more afterwards. */
  #trigger: TriggerId | undefined
  #given = false

  /** @param notify Called once. */
  constructor(reactor: Reactor, notify: (reason: WebSocketClosed) => void) {
    this.#reactor = reactor
    this.#notify = notify
  }

  /** How the WebSocket ended; undefined while its connection is up. */
  get reason(): WebSocketClosed | undefined {
    return this.#reason
  }

  /** The peer has left, and callbacks are under way: they have `graceMs`, of which the end of the connection is a part. */
  awaitCallbacks(graceMs: number): void {
    this.#grace = new Deadline(this.#reactor, () => this.#give())
    this.#grace.set(graceMs)
  }

  /** The connection is gone. After a reset, or an end from our side, there is nothing to wait for. */
  lost(reason: WebSocketClosed): void {
    this.#reason = reason
    if (this.#grace?.ahead !== true || !(reason.cause instanceof ConnectionDone)) return this.#give()
    this.#trigger = this.#reactor.addSystemEventTrigger('after', 'shutdown', () => this.#give())
  }

  /** No callback is under way any more. */
  idle(): void {
    this.#grace?.clear()
    this.#give()
  }

  #give(): void {
    if (this.#reason === undefined || this.#given) return
    this.#given = true
    this.#grace?.clear()
    if (this.#trigger !== undefined) this.#reactor.removeSystemEventTrigger(this.#trigger)
    this.#notify(this.#reason)
  }
}
