import { ConnectionDone, type Reactor } from '@ropewalk/core'
import type { TriggerId } from '@ropewalk/core/reactor'
import { Deadline } from '@ropewalk/core/time'
import type { WebSocketClosed } from './websocket-connection.ts'

/**
 * Notifies a protocol that its WebSocket is gone: immediately, or, if the peer left while callbacks were
 * pending, when these have settled or a grace period has passed.
 */
export class EndNotice {
  readonly #reactor: Reactor
  readonly #notify: (reason: WebSocketClosed) => void
  #grace: Deadline | undefined
  #reason: WebSocketClosed | undefined
  /** Ends the wait when the reactor stops, because its deadlines do not fire afterwards. */
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

  /**
   * Begins the grace period of `graceMs` milliseconds: the peer has left, and callbacks are pending. The time
   * that the connection takes to close is part of it.
   */
  awaitCallbacks(graceMs: number): void {
    this.#grace = new Deadline(this.#reactor, () => this.#give())
    this.#grace.set(graceMs)
  }

  /**
   * Records how the WebSocket ended. Notifies at once unless a grace period runs and the connection ended
   * cleanly: after a reset or an end from our side there is no reason to wait.
   */
  lost(reason: WebSocketClosed): void {
    this.#reason = reason
    if (this.#grace?.ahead !== true || !(reason.cause instanceof ConnectionDone)) return this.#give()
    this.#trigger = this.#reactor.addSystemEventTrigger('after', 'shutdown', () => this.#give())
  }

  /** Ends the grace period: no callback is pending any more. */
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
