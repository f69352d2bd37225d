import { Deadline, type ReactorTime } from '@ropewalk/core'

/**
 * What a channel may be waiting for: `response` and `departure` for the program's response, before and
 * after the client's end; `end of body` for one that is dropped; `last request` when the reactor stops.
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

/** The one thing a channel waits for at a time, and until when. */
export class PhaseTimeout {
  readonly #time: () => ReactorTime
  readonly #expired: (awaited: Awaited) => void
  #deadline: Deadline | undefined
  #awaited: Awaited | undefined

  /**
   * @param time Returns the clock; called when it is first needed.
   * @param expired Called with what did not come in time.
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
    this.#deadline ??= new Deadline(this.#time(), () => this.#passed())
    this.#deadline.set(withinMs)
  }

  /** Nothing is awaited. The deadline is left where it is: the next request sets it again. */
  clear(): void {
    this.#awaited = undefined
  }

  /** Nothing is awaited, for good. */
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
