import type { DeadlineKeeper, KeptDeadline } from '../interfaces/reactor.ts'

/**
 * The end of a peer's time: how long we wait for it to make progress.
 *
 * Setting, putting off and calling off cost next to nothing, however many there are. It passes up to
 * 100 ms late, never early, and time in which the event loop stood still does not count: the peer
 * could do nothing about it.
 */
export class Deadline implements KeptDeadline {
  readonly #keeper: DeadlineKeeper
  readonly #passed: () => void
  #dueMs = NEVER

  /**
   * @param time The reactor.
   * @param passed Called when the time is over; the deadline can then be set again.
   */
  constructor(time: { readonly deadlines: DeadlineKeeper }, passed: () => void) {
    this.#keeper = time.deadlines
    this.#passed = passed
  }

  /** When it passes, on the clock of its keeper; Infinity when it is not set. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** Whether it is still to come. */
  get ahead(): boolean {
    return this.#dueMs !== NEVER
  }

  /**
   * Makes it pass `delayMs` from now, whatever was set before.
   *
   * @throws {TypeError} when `delayMs` is no number.
   * @throws {RangeError} when it is negative or NaN.
   */
  set(delayMs: number): void {
    if (typeof delayMs !== 'number') {
      throw new TypeError(`Cannot wait ${String(delayMs)} ms: give a number`)
    }
    if (!(delayMs >= 0)) throw new RangeError(`Cannot wait ${delayMs} ms: give 0 or more`)
    this.#dueMs = this.#keeper.now() + delayMs
    this.#keeper.keep(this)
  }

  /** Calls it off. */
  clear(): void {
    if (this.#dueMs === NEVER) return
    this.#dueMs = NEVER
    this.#keeper.forget(this)
  }

  /** Its time is over: the keeper says so. */
  pass(): void {
    this.#dueMs = NEVER
    this.#passed()
  }
}

const NEVER = Infinity
