import type { DelayedCall, ReactorTime } from '@ropewalk/core/time'

/** Long work that is done a slice at a time. */
export interface SlicedWork {
  readonly reactor: ReactorTime
  /** Does the next slice. It must not throw. @returns whether more is left. */
  slice(): boolean
}

/**
 * Does long work one slice in each turn, so that everything else that waits is done in between. Several pieces
 * of work take turns, so that their number does not make a turn longer.
 */
export class TurnSlices {
  readonly #waiting = new Set<SlicedWork>()
  #next: DelayedCall | undefined

  /** Begins `work` in the next turn, or after the work that was added before. */
  add(work: SlicedWork): void {
    this.#waiting.add(work)
    this.#schedule()
  }

  /** Does no more slices of `work`. */
  remove(work: SlicedWork): void {
    this.#waiting.delete(work)
    if (this.#waiting.size > 0) return
    this.#next?.cancel()
    this.#next = undefined
  }

  #schedule(): void {
    const [first] = this.#waiting
    if (first === undefined || this.#next !== undefined) return
    this.#next = first.reactor.callLater(0, () => this.#turn())
  }

  #turn(): void {
    this.#next = undefined
    const [work] = this.#waiting
    if (work === undefined) return
    this.#waiting.delete(work)
    if (work.slice()) this.#waiting.add(work)
    this.#schedule()
  }
}
