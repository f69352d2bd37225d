import { ConnectionDone, type Reactor } from '@ropewalk/core'
import type { TriggerId } from '@ropewalk/core/reactor'
import { Deadline } from '@ropewalk/core/time'
import { assertNever } from '@ropewalk/core/bytes'
import type { WebSocketClosed } from './websocket-connection.ts'

/**
 * Notifies a protocol that its WebSocket is gone: immediately, or, if the peer left while callbacks were
 * pending, when these have settled or a grace period has passed.
 */
export class EndNotice {
  readonly #reactor: Reactor
  readonly #notify: (reason: WebSocketClosed) => void
  #state: NoticeState = CONNECTED

  /** @param notify Called once. */
  constructor(reactor: Reactor, notify: (reason: WebSocketClosed) => void) {
    this.#reactor = reactor
    this.#notify = notify
  }

  /**
   * Begins the grace period of `graceMs` milliseconds: the peer has left, and callbacks are pending. The time
   * that the connection takes to close is part of it. Only while the connection is up.
   */
  awaitCallbacks(graceMs: number): void {
    const grace = new Deadline(this.#reactor, () => this.#graceOver())
    grace.set(graceMs)
    this.#state = { is: 'peer-left', grace }
  }

  /**
   * Records how the WebSocket ended. Notifies at once unless a grace period runs and the connection ended
   * cleanly: after a reset or an end from our side there is no reason to wait.
   */
  lost(reason: WebSocketClosed): void {
    const state = this.#state
    if (state.is !== 'peer-left') return this.#end(reason)
    const { grace } = state
    if (!(reason.cause instanceof ConnectionDone)) {
      grace.clear()
      return this.#end(reason)
    }
    const trigger = this.#reactor.addSystemEventTrigger('after', 'shutdown', () => this.#graceOver())
    this.#state = { is: 'held', grace, reason, trigger }
  }

  /** Ends the grace period: no callback is pending any more. */
  idle(): void {
    this.#graceOver()
  }

  #graceOver(): void {
    const state = this.#state
    switch (state.is) {
      case 'connected':
      case 'notified':
        return
      case 'peer-left':
        state.grace.clear()
        this.#state = CONNECTED
        return
      case 'held':
        state.grace.clear()
        this.#reactor.removeSystemEventTrigger(state.trigger)
        return this.#end(state.reason)
      default:
        assertNever(state)
    }
  }

  #end(reason: WebSocketClosed): void {
    this.#state = NOTIFIED
    this.#notify(reason)
  }
}

/** Whether the protocol has been notified, and what the notice waits for. */
type NoticeState =
  /** No grace period runs: the end of the connection is notified at once. */
  | { readonly is: 'connected' }
  /** The connection is closing, and callbacks are pending. */
  | { readonly is: 'peer-left'; readonly grace: Deadline }
  /** The connection is gone, and callbacks are pending. */
  | {
      readonly is: 'held'
      readonly grace: Deadline
      readonly reason: WebSocketClosed
      /** Ends the wait when the reactor stops, because its deadlines do not fire afterwards. */
      readonly trigger: TriggerId
    }
  | { readonly is: 'notified' }

const CONNECTED: NoticeState = { is: 'connected' }
const NOTIFIED: NoticeState = { is: 'notified' }
