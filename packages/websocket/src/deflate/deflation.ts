import type { ReactorTime } from '@ropewalk/core/time'
import type { SlicedWork, TurnSlices } from './turn-slices.ts'

/** A large message that is deflated a slice in each turn, or at once when it must not wait any longer. */
export class Deflation implements SlicedWork {
  readonly reactor: ReactorTime
  readonly #work: Iterator<void, Uint8Array>
  readonly #slices: TurnSlices
  readonly #done: () => void
  #result: Uint8Array | undefined

  /** @param done Called in a later turn, when the last slice is done; not after `finish` or `cancel`. */
  constructor(work: Iterator<void, Uint8Array>, reactor: ReactorTime, slices: TurnSlices, done: () => void) {
    this.#work = work
    this.reactor = reactor
    this.#slices = slices
    this.#done = done
  }

  /** The deflated message; undefined while it is not complete. */
  get result(): Uint8Array | undefined {
    return this.#result
  }

  slice(): boolean {
    if (!this.#step()) return true
    this.#done()
    return false
  }

  /** Deflates the rest now; returns the deflated message. */
  finish(): Uint8Array {
    this.cancel()
    while (this.#result === undefined) this.#step()
    return this.#result
  }

  /** Deflates no more. */
  cancel(): void {
    this.#slices.remove(this)
  }

  /** Does a slice; returns whether it was the last one. */
  #step(): boolean {
    const step = this.#work.next()
    if (step.done === true) this.#result = step.value
    return step.done === true
  }
}
