import type { DelayedCall, ReactorTime } from '../interfaces/reactor.ts'

/**
 * A wait with an exact end that can be put off, called off and set again at any time, also after it has
 * passed or the reactor has cancelled it.
 */
export class ResettableTimer {
  readonly #time: ReactorTime
  readonly #passed: () => void
  #call: DelayedCall | undefined

  /** @param passed Called when the time is over. */
  constructor(time: ReactorTime, passed: () => void) {
    this.#time = time
    this.#passed = passed
  }

  /** Whether it is still to come. */
  get ahead(): boolean {
    return this.#call?.active() ?? false
  }

  /** Makes it pass `delayMs` from now, whatever was set before. */
  set(delayMs: number): void {
    if (this.#call?.active()) this.#call.reset(delayMs)
    else this.#call = this.#time.callLater(delayMs, this.#passed)
  }

  /** Calls it off. */
  clear(): void {
    if (this.#call?.active()) this.#call.cancel()
  }
}
