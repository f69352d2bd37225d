/**
 * A value that a test sets, with layers over it that faults add. Each layer changes what is below it until it
 * is removed, so that neither the layers nor the test undo what another one has set.
 */
export class Layered<T> {
  #base: T
  #value: T
  readonly #layers = new Set<Layer<T>>()
  readonly #changed: (value: T) => void

  /** @param changed Called when the value has changed. */
  constructor(base: T, changed: (value: T) => void = ignore) {
    this.#base = base
    this.#value = base
    this.#changed = changed
  }

  /** The base below all layers. */
  get value(): T {
    return this.#value
  }

  /** Sets the base. The layers stay. */
  set(base: T): void {
    this.#base = base
    this.#update()
  }

  /** Adds a layer on top. @returns a function that removes it. */
  add(change: (below: T) => T): () => void {
    const layer: Layer<T> = { change }
    this.#layers.add(layer)
    this.#update()
    return () => {
      if (this.#layers.delete(layer)) this.#update()
    }
  }

  /** Sets the base, and removes all layers. */
  reset(base: T): void {
    this.#layers.clear()
    this.set(base)
  }

  #update(): void {
    const value = Array.from(this.#layers).reduce((below, { change }) => change(below), this.#base)
    if (value === this.#value) return
    this.#value = value
    this.#changed(value)
  }
}

interface Layer<T> {
  readonly change: (below: T) => T
}

function ignore(): void {}
