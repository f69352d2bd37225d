import type { RateLimit } from '../contracts/policy.ts'
import type { ReactorTime } from '../contracts/reactor.ts'
import { Alarm } from './alarm.ts'

/** How fast one direction of a connection may go: the slowest of the rates its policies set. */
export class Pace {
  readonly #limits: readonly RateLimit[]
  readonly #time: ReactorTime
  readonly #deadline: Alarm

  /** @param again Called when bytes may pass again, after `wait`. */
  constructor(limits: readonly RateLimit[], time: ReactorTime, again: () => void) {
    this.#limits = limits
    this.#time = time
    this.#deadline = new Alarm(time, again)
  }

  /** Bytes that may pass now; 0 or less when none may. */
  available(): number {
    const nowMs = this.#time.now()
    return Math.min(...this.#limits.map((limit) => limit.available(nowMs)))
  }

  /** Bytes have passed. */
  passed(bytes: number): void {
    const nowMs = this.#time.now()
    for (const limit of this.#limits) limit.take(bytes, nowMs)
  }

  /** Arranges for `again` to be called. */
  wait(): void {
    const nowMs = this.#time.now()
    if (!this.#deadline.ahead)
      this.#deadline.set(Math.max(1, ...this.#limits.map((limit) => limit.waitMs(nowMs))))
  }

  /** The connection is gone: calls nothing any more. */
  stop(): void {
    this.#deadline.clear()
  }
}
