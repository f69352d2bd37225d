/** Turns SIGINT and SIGTERM into calls, while installed. A second signal ends the process. */
export class ProcessSignals {
  readonly #onSignal: () => void
  #received = 0
  readonly #listener = (_name: NodeJS.Signals, number: number): void => {
    if (++this.#received > 1) process.exit(128 + number)
    this.#onSignal()
  }

  constructor(onSignal: () => void) {
    this.#onSignal = onSignal
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

const NAMES: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']
