import { AlreadyCalled, AlreadyCancelled } from '../errors.ts'
import type { DelayedCall, ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { milliseconds } from '../options/option-rules.ts'

/** The clock that makes scheduled calls. */
export interface Schedule {
  now(): number
  /** The call's time was set or changed. */
  arm(call: ScheduledCall): void
  /** The call was cancelled. */
  disarm(call: ScheduledCall): void
}

/** The `DelayedCall` of every clock. */
export class ScheduledCall implements DelayedCall {
  readonly #schedule: Schedule
  readonly #call: () => unknown
  #time: number
  #state: 'active' | 'called' | 'cancelled' = 'active'

  constructor(schedule: Schedule, delayMs: number, call: () => unknown) {
    checkValue('callLater', 'delayMs', delayMs, DELAY)
    this.#schedule = schedule
    this.#call = call
    this.#time = schedule.now() + delayMs
    schedule.arm(this)
  }

  getTime(): number {
    return this.#time
  }

  active(): boolean {
    return this.#state === 'active'
  }

  cancel(): void {
    this.#assertActive('cancel')
    this.#state = 'cancelled'
    this.#schedule.disarm(this)
  }

  reset(delayMs: number): void {
    this.#assertActive('reset')
    checkValue('reset', 'delayMs', delayMs, DELAY)
    this.#time = this.#schedule.now() + delayMs
    this.#schedule.arm(this)
  }

  delay(extraMs: number): void {
    this.#assertActive('delay')
    checkValue('delay', 'extraMs', extraMs, EXTRA_DELAY)
    this.#time += extraMs
    this.#schedule.arm(this)
  }

  /** Makes the call. Only the clock calls this. Returns the result of the call, or throws its error. */
  run(): unknown {
    this.#state = 'called'
    return this.#call()
  }

  #assertActive(attempt: string): void {
    if (this.#state === 'called') throw new AlreadyCalled(`Cannot ${attempt} a call that was made`)
    if (this.#state === 'cancelled') throw new AlreadyCancelled(`Cannot ${attempt} a call that was cancelled`)
  }
}

/**
 * A timer that can be postponed, cleared and set again at any time, also after it has fired or the reactor
 * has cancelled it. Unlike a Deadline, it is exact.
 */
export class ResettableTimer {
  readonly #time: ReactorTime
  readonly #fired: () => void
  #call: DelayedCall | undefined

  /** @param fired Called when the timer fires. */
  constructor(time: ReactorTime, fired: () => void) {
    this.#time = time
    this.#fired = fired
  }

  /** Whether it is set and has not fired. */
  get ahead(): boolean {
    return this.#call?.active() ?? false
  }

  /** Sets the timer to `delayMs` milliseconds from now. This replaces an earlier setting. */
  set(delayMs: number): void {
    if (this.#call?.active()) this.#call.reset(delayMs)
    else this.#call = this.#time.callLater(delayMs, this.#fired)
  }

  /** Clears the timer, so that it does not fire. */
  clear(): void {
    if (this.#call?.active()) this.#call.cancel()
  }
}

/** Infinity is allowed: such a call is made only after a reset. */
const DELAY = milliseconds({ endless: true })
const EXTRA_DELAY = milliseconds({ least: -Infinity, endless: true })
