import type { RateLimit } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import { ResettableTimer } from '../time/resettable-timer.ts'

/** How fast one direction of a connection may go: the slowest of the rates its policies set. */
export class ConnectionRate {
  readonly #limits: readonly RateLimit[]
  readonly #time: ReactorTime
  readonly #deadline: ResettableTimer
  readonly #failed: (error: unknown) => void
  #stopped = false

  /**
   * @param again Called when bytes may pass again, after `wait`.
   * @param failed Told what a rate throws; nothing passes any more.
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

  /** Bytes that may pass now; 0 or less when none may. */
  available(): number {
    let least = 0
    this.#ask((nowMs) => {
      least = Math.min(...this.#limits.map((limit) => limit.available(nowMs)))
    })
    return least
  }

  /** Bytes have passed. */
  passed(bytes: number): void {
    this.#ask((nowMs) => {
      for (const limit of this.#limits) limit.take(bytes, nowMs)
    })
  }

  /**
   * Arranges for `again` to be called.
   *
   * @returns in how many milliseconds.
   */
  wait(): number {
    let forMs = 0
    this.#ask((nowMs) => {
      forMs = Math.max(1, ...this.#limits.map((limit) => limit.waitMs(nowMs)))
      if (!this.#deadline.ahead) this.#deadline.set(forMs)
    })
    return forMs
  }

  /** The connection is gone: calls nothing any more. */
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
