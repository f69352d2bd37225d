import { Deadline, type ReactorTime } from '@ropewalk/core/time'

/**
 * What a channel may be waiting for. `response` and `departure` are both the program's response, before and
 * after the client's FIN; `end of body` is that of a discarded body; `last request` is during a stop.
 */
export type Awaited =
  | 'first byte'
  | 'head'
  | 'body'
  | 'response'
  | 'departure'
  | 'end of body'
  | 'next request'
  | 'last request'

/** The one event that a channel waits for at a time, and its deadline. */
export class PhaseTimeout {
  readonly #time: () => ReactorTime
  readonly #expired: (awaited: Awaited) => void
  #deadline: Deadline | undefined
  #awaited: Awaited | undefined

  /**
   * @param time Returns the clock; called when it is first needed.
   * @param expired Called with the event that did not happen in time.
   */
  constructor(time: () => ReactorTime, expired: (awaited: Awaited) => void) {
    this.#time = time
    this.#expired = expired
  }

  /** What the channel waits for now; undefined for nothing. */
  get awaited(): Awaited | undefined {
    return this.#awaited
  }

  /** Waits for `awaited` for at most `withinMs`; replaces the current wait. */
  set(awaited: Awaited, withinMs: number): void {
    this.#awaited = awaited
    this.#deadline ??= new Deadline(this.#time(), () => this.#passed())
    this.#deadline.set(withinMs)
  }

  /** Ends the wait. The deadline stays set and has no effect: the next request sets it again. */
  clear(): void {
    this.#awaited = undefined
  }

  /** Ends the wait and clears the deadline, for good. */
  stop(): void {
    this.#awaited = undefined
    this.#deadline?.clear()
  }

  #passed(): void {
    const awaited = this.#awaited
    this.#awaited = undefined
    if (awaited !== undefined) this.#expired(awaited)
  }
}
