import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { milliseconds } from '../options/option-rules.ts'

/**
 * Ticks that are `intervalMs` apart, numbered from the start. Neither late timers nor long work shift
 * them: a tick that nobody took in time is missed, and counted.
 *
 * An interval of 0 has a tick in every turn.
 */
export class TickGrid {
  readonly intervalMs: number
  readonly #time: ReactorTime
  #startMs: number
  #taken = 0
  #awaited = 0

  /** @throws {TypeError | RangeError} unless `intervalMs` is a number of 0 or more. */
  constructor(time: ReactorTime, intervalMs: number) {
    checkValue('a loop', 'intervalMs', intervalMs, milliseconds({ endless: true }))
    this.intervalMs = intervalMs
    this.#time = time
    this.#startMs = time.now()
  }

  /** Begins anew, now, and forgets what was missed. */
  restart(): void {
    this.#startMs = this.#time.now()
    this.#taken = 0
    this.#awaited = 0
  }

  /** How long it is until the next tick that can still be had. */
  untilNextMs(): number {
    if (this.intervalMs === 0) return 0
    this.#awaited = Math.max(this.#taken, this.#passed()) + 1
    return Math.max(0, this.#startMs + this.#awaited * this.intervalMs - this.#time.now())
  }

  /**
   * Takes the tick that was waited for.
   *
   * @returns how many intervals have passed since the tick taken before: one, and the missed ones.
   */
  take(): number {
    if (this.intervalMs === 0) return 1
    // A timer may come a little before its time: then the clock does not show the tick yet.
    const tick = Math.max(this.#awaited, this.#passed())
    const count = tick - this.#taken
    this.#taken = tick
    return count
  }

  #passed(): number {
    return Math.floor((this.#time.now() - this.#startMs) / this.intervalMs)
  }
}
