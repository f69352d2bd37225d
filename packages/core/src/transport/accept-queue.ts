import { type Address, formatAddress } from '../addresses.ts'
import type { Admission, WaitingOptions } from '../interfaces/policy.ts'
import type { ConnectedWire, WireEvents } from '../interfaces/wire.ts'
import { ResettableTimer } from '../time/timers.ts'
import { diagnose } from './diagnostics.ts'
import type { ConnectionRegistry } from './connection-registry.ts'

/** Decides whether a connection is admitted, and is called with the result. */
export interface AdmissionEvents {
  admission(peer: Address): Admission
  admitted(accepted: ConnectedWire): void
  refused(accepted: ConnectedWire): void
}

/**
 * The queue of connections that wait for admission, accepted but unread. Node cannot stop accepting, and a
 * short wait is better for a client than a refusal.
 */
export class AcceptQueue {
  readonly #registry: ConnectionRegistry
  readonly #events: AdmissionEvents
  readonly #maxWaiting: number
  readonly #maxWaitMs: number
  /** In the order of their arrival. */
  readonly #waiting = new Set<Waiting>()
  readonly #retry: ResettableTimer
  #retryAtMs = Infinity
  #stopWatching: (() => void) | undefined
  #refusals = { count: 0, loggedAtMs: -Infinity }

  constructor(registry: ConnectionRegistry, options: WaitingOptions, events: AdmissionEvents) {
    this.#registry = registry
    this.#events = events
    this.#maxWaiting = options.maxWaiting ?? DEFAULT_MAX_WAITING
    this.#maxWaitMs = options.maxWaitMs ?? DEFAULT_MAX_WAIT_MS
    this.#retry = new ResettableTimer(registry.reactor, () => this.#admitMore())
  }

  /** Admits a new connection, or queues it, or refuses it when the queue is full. */
  enter(accepted: ConnectedWire): void {
    // The waiting connections were checked when the limits last changed: none that can be admitted is
    // overtaken.
    const admission = this.#events.admission(accepted.peerAddress)
    if (admission === 'now') return this.#events.admitted(accepted)
    if (this.#waiting.size >= this.#maxWaiting || !this.#registry.hasWaitingCapacity)
      return this.#refuse(accepted)
    const waiting = new Waiting(accepted, this.#registry.reactor.now() + this.#maxWaitMs, () =>
      this.#leave(waiting),
    )
    this.#waiting.add(waiting)
    this.#registry.waitingChanged(1)
    this.#stopWatching ??= this.#registry.watchClosing(() => this.#admitMore())
    if (this.#waiting.size === 1 || this.#comesSooner(admission)) this.#comeBack(admission)
  }

  /** Closes all waiting connections. */
  close(): void {
    const waiting = Array.from(this.#waiting)
    for (const one of waiting) this.#leave(one)
    for (const { accepted } of waiting) accepted.wire.close()
  }

  #admitMore(): void {
    const nowMs = this.#registry.reactor.now()
    let soonest: Admission = 'later'
    for (const waiting of this.#waiting) {
      if (waiting.untilMs <= nowMs) {
        this.#leave(waiting)
        this.#refuse(waiting.release())
        continue
      }
      const admission = this.#events.admission(waiting.accepted.peerAddress)
      if (admission === 'now') {
        this.#leave(waiting)
        this.#events.admitted(waiting.release())
      } else soonest = sooner(soonest, admission)
    }
    if (this.#waiting.size > 0) this.#comeBack(soonest)
  }

  /** Checks the queue again when the policy allows, or when the wait of the first connection expires. */
  #comeBack(admission: Admission): void {
    const [first] = this.#waiting
    if (first === undefined) return
    const leftMs = first.untilMs - this.#registry.reactor.now()
    const inMs = Math.max(0, typeof admission === 'object' ? Math.min(admission.inMs, leftMs) : leftMs)
    this.#retryAtMs = this.#registry.reactor.now() + inMs
    this.#retry.set(inMs)
  }

  /** Whether a policy admits the new connection before the next check of the queue. */
  #comesSooner(admission: Admission): boolean {
    return typeof admission === 'object' && this.#registry.reactor.now() + admission.inMs < this.#retryAtMs
  }

  #leave(waiting: Waiting): void {
    if (this.#waiting.delete(waiting)) this.#registry.waitingChanged(-1)
    if (this.#waiting.size === 0) this.#emptied()
  }

  #emptied(): void {
    this.#retry.clear()
    this.#stopWatching?.()
    this.#stopWatching = undefined
  }

  /** Logs at most one warning a minute, so that a flood of connections cannot fill the log. */
  #refuse(accepted: ConnectedWire): void {
    const { peerAddress: peer, localAddress: address } = accepted
    diagnose('ropewalk.refused', () => ({ peer, address }))
    const refusals = this.#refusals
    refusals.count++
    const nowMs = this.#registry.reactor.now()
    if (nowMs - refusals.loggedAtMs >= LOG_EVERY_MS) {
      const text = 'Connections are refused at a limit: {count} since the last such line'
      const [label, fields] = [formatAddress(address), { count: refusals.count }]
      this.#registry.reactor.log({ level: 'warn', text, label, fields })
      this.#refusals = { count: 0, loggedAtMs: nowMs }
    }
    this.#events.refused(accepted)
  }
}

/**
 * One waiting connection. A peer that sends a FIN or a reset while it waits is dropped. A peer that sent a
 * request before its FIN is not: the request is unread, so the wire does not notify the FIN.
 */
class Waiting implements WireEvents {
  readonly accepted: ConnectedWire
  readonly untilMs: number
  readonly #left: () => void
  #events: WireEvents | undefined

  constructor(accepted: ConnectedWire, untilMs: number, left: () => void) {
    this.accepted = accepted
    this.untilMs = untilMs
    this.#left = left
    accepted.attach(this)
    accepted.wire.pause()
  }

  /** Ends the wait. The wire's events go to the listener that is attached to the result. */
  release(): ConnectedWire {
    return {
      ...this.accepted,
      attach: (events) => {
        this.#events = events
        this.accepted.wire.resume()
      },
    }
  }

  wireData(data: Buffer): void {
    this.#events?.wireData(data)
  }

  wireEnded(): void {
    if (this.#events !== undefined) return this.#events.wireEnded()
    this.#left()
    this.accepted.wire.close()
  }

  wireWritable(): void {
    this.#events?.wireWritable()
  }

  wireClosed(error: Error | undefined): void {
    if (this.#events === undefined) this.#left()
    else this.#events.wireClosed(error)
  }
}

function sooner(one: Admission, other: Admission): Admission {
  if (typeof one !== 'object') return other
  return typeof other === 'object' && other.inMs < one.inMs ? other : one
}

const DEFAULT_MAX_WAITING = 128
const DEFAULT_MAX_WAIT_MS = 5_000
const LOG_EVERY_MS = 60_000
