import type { StopSignal } from '../interfaces/reactor.ts'

/** Turns SIGINT and SIGTERM into calls, while installed. A second signal ends the process. */
export class ProcessSignals {
  readonly #onSignal: (name: StopSignal) => void
  #received = 0
  readonly #listener = (name: NodeJS.Signals, number: number): void => {
    if (++this.#received > 1) process.exit(128 + number)
    this.#onSignal(name as StopSignal)
  }

  constructor(onSignal: (name: StopSignal) => void) {
    this.#onSignal = onSignal
  }

  /** Whether the next signal ends the process. */
  get lastChance(): boolean {
    return this.#received > 0
  }

  /** Begins to listen. */
  install(): void {
    this.#received = 0
    for (const name of NAMES) process.on(name, this.#listener)
  }

  /** Removes our listeners; those of others stay. */
  remove(): void {
    for (const name of NAMES) process.off(name, this.#listener)
  }
}

const NAMES: readonly StopSignal[] = ['SIGINT', 'SIGTERM']
