import type { RateLimit } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import { ResettableTimer } from '../time/timers.ts'

/** Limits the rate of one direction of a connection to the lowest of the rates that its policies set. */
export class ConnectionRate {
  readonly #limits: readonly RateLimit[]
  readonly #time: ReactorTime
  readonly #deadline: ResettableTimer
  readonly #failed: (error: unknown) => void
  #stopped = false

  /**
   * @param again Called when bytes may pass again, after `wait`.
   * @param failed Called with what a rate throws. After that, no bytes may pass.
   */
  constructor(
    limits: readonly RateLimit[],
    time: ReactorTime,
    again: () => void,
    failed: (error: unknown) => void,
  ) {
    this.#limits = limits
    this.#time = time
    this.#deadline = new ResettableTimer(time, again)
    this.#failed = failed
  }

  /** Returns how many bytes may pass now; 0 or less when none may. */
  available(): number {
    let least = 0
    this.#ask((nowMs) => {
      least = Math.min(...this.#limits.map((limit) => limit.available(nowMs)))
    })
    return least
  }

  /** Counts bytes that have passed. */
  passed(bytes: number): void {
    this.#ask((nowMs) => {
      for (const limit of this.#limits) limit.take(bytes, nowMs)
    })
  }

  /**
   * Schedules the call of `again`.
   *
   * @returns the milliseconds until then.
   */
  wait(): number {
    let forMs = 0
    this.#ask((nowMs) => {
      forMs = Math.max(1, ...this.#limits.map((limit) => limit.waitMs(nowMs)))
      if (!this.#deadline.ahead) this.#deadline.set(forMs)
    })
    return forMs
  }

  /** The connection is gone: neither `again` nor a rate is called any more. */
  stop(): void {
    this.#stopped = true
    this.#deadline.clear()
  }

  #ask(call: (nowMs: number) => void): void {
    if (this.#stopped) return
    try {
      call(this.#time.now())
    } catch (error) {
      this.stop()
      this.#failed(error)
    }
  }
}
