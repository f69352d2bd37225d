/** A promise that a check settles when it wants. */
export class Gate {
  /** Resolves at `open`, rejects at `fail`. */
  readonly opened: Promise<void>
  #resolve: () => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Resolves the promise. */
  open(): void {
    this.#resolve()
  }

  /** Rejects the promise. */
  fail(error: unknown): void {
    this.#reject(error)
  }
}
