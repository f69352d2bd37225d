/** Something that acts once at the end of the turn in which it was asked to. */
export interface TurnEnder {
  /** The turn is over: act. */
  turnEnded(): void
}

/**
 * The end of a reactor's turn, when everything the turn wrote leaves together.
 *
 * A turn is one iteration of the event loop with its microtasks: what several callbacks of one
 * iteration wrote, also after an `await`, goes out in one system call for each connection.
 */
export class Turn {
  readonly #arm: () => void
  #waiting: TurnEnder[] = []

  /** @param arm Arranges for one call of `end` when the turn is over. */
  constructor(arm: () => void) {
    this.#arm = arm
  }

  /** Calls `ender.turnEnded()` at the end of this turn. The caller sees to it that it asks once. */
  schedule(ender: TurnEnder): void {
    if (this.#waiting.push(ender) === 1) this.#arm()
  }

  /** Ends the turn. What is scheduled meanwhile belongs to the next. One that fails keeps no other from its end. */
  end(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const failures: unknown[] = []
    for (const ender of waiting) {
      try {
        ender.turnEnded()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
