import { LocalProtocolError } from '@ropewalk/core'
import { settleSafely } from '@ropewalk/core/reactor'

/** The functions of a program that set headers just before a head is made. */
export class HeadPreparation {
  readonly #failedLate: (error: unknown) => void
  readonly #prepares = new Set<() => void>()
  #running = false

  /** @param failedLate Is called with what the promise of a function rejects with: the head is sent by then. */
  constructor(failedLate: (error: unknown) => void) {
    this.#failedLate = failedLate
  }

  /** Adds a function; one that was added before is not added again. */
  add(prepare: () => void): void {
    this.#prepares.add(prepare)
  }

  /** @throws {LocalProtocolError} during `run`: a head that was sent then would be sent twice. */
  requireIdle(): void {
    if (this.#running) throw new LocalProtocolError('Cannot write in beforeHead: it may only set headers')
  }

  /**
   * Calls the last one first, so that the outermost resource decides. One that throws is not called again: the
   * response becomes an error page, which the others prepare.
   *
   * @throws {unknown} with what the first of those that throw has thrown, once all were called.
   */
  run(): void {
    const failures: unknown[] = []
    this.#running = true
    for (const prepare of [...this.#prepares].toReversed()) {
      try {
        void settleSafely(prepare(), this.#failedLate)
      } catch (error) {
        this.#prepares.delete(prepare)
        failures.push(error)
      }
    }
    this.#running = false
    if (failures.length > 0) throw failures[0]
  }
}
