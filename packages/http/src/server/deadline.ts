import type { DelayedCall, ReactorTime } from '@ropewalk/core'

/** What a channel may be waiting for. */
export type Awaited = 'first byte' | 'head' | 'body' | 'next request'

/**
 * The one deadline a channel has at a time.
 *
 * Setting and clearing it is a matter of fields: a timer that fires too early, or when nothing is
 * awaited any more, sees that for itself. A fast client would otherwise cost two timers a request.
 */
export class Deadline {
  readonly #time: () => ReactorTime
  readonly #expired: (awaited: Awaited) => void
  #awaited: Awaited | undefined
  #dueMs = 0
  #timer: DelayedCall | undefined

  /**
   * @param time The clock, asked for when it is first needed.
   * @param expired Told what did not come in time.
   */
  constructor(time: () => ReactorTime, expired: (awaited: Awaited) => void) {
    this.#time = time
    this.#expired = expired
  }

  /** What is awaited now. */
  get awaited(): Awaited | undefined {
    return this.#awaited
  }

  /** `awaited` must come within `withinMs`; replaces what was awaited. */
  set(awaited: Awaited, withinMs: number): void {
    this.#awaited = awaited
    this.#dueMs = this.#time().now() + withinMs
    if (this.#timer !== undefined && this.#timer.getTime() <= this.#dueMs) return
    if (this.#timer === undefined) this.#timer = this.#time().callLater(withinMs, () => this.#fired())
    else this.#timer.reset(withinMs)
  }

  /** Nothing is awaited. */
  clear(): void {
    this.#awaited = undefined
  }

  /** Nothing is awaited, for good. */
  stop(): void {
    this.#awaited = undefined
    if (this.#timer?.active()) this.#timer.cancel()
    this.#timer = undefined
  }

  #fired(): void {
    this.#timer = undefined
    const awaited = this.#awaited
    if (awaited === undefined) return
    const leftMs = this.#dueMs - this.#time().now()
    if (leftMs > 0) {
      this.#timer = this.#time().callLater(leftMs, () => this.#fired())
      return
    }
    this.#awaited = undefined
    this.#expired(awaited)
  }
}
