import type { DelayedCall } from '../interfaces/reactor.ts'
import { AlreadyCalled, AlreadyCancelled } from '../errors.ts'
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

/** Infinity is allowed: such a call is made only after a reset. */
const DELAY = milliseconds({ endless: true })
const EXTRA_DELAY = milliseconds({ least: -Infinity, endless: true })
