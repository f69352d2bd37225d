import type { DelayedCall, ReactorTime } from '../interfaces/reactor.ts'

/**
 * A timer that can be postponed, cleared and set again at any time, also after it has fired or the reactor
 * has cancelled it. Unlike a Deadline, it is exact.
 */
export class ResettableTimer {
  readonly #time: ReactorTime
  readonly #passed: () => void
  #call: DelayedCall | undefined

  /** @param passed Called when the timer fires. */
  constructor(time: ReactorTime, passed: () => void) {
    this.#time = time
    this.#passed = passed
  }

  /** Whether it is set and has not fired. */
  get ahead(): boolean {
    return this.#call?.active() ?? false
  }

  /** Sets the timer to `delayMs` milliseconds from now. This replaces an earlier setting. */
  set(delayMs: number): void {
    if (this.#call?.active()) this.#call.reset(delayMs)
    else this.#call = this.#time.callLater(delayMs, this.#passed)
  }

  /** Clears the timer, so that it does not fire. */
  clear(): void {
    if (this.#call?.active()) this.#call.cancel()
  }
}
