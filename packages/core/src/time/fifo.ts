/** Values in the order they came. Adding, taking and removing cost the same however many there are. */
export class Fifo<T> {
  #first: Entry<T> | undefined
  #last: Entry<T> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Adds a value at the end. */
  push(value: T): Entry<T> {
    const entry: Entry<T> = { value, before: this.#last, after: undefined }
    if (this.#last === undefined) this.#first = entry
    else this.#last.after = entry
    this.#last = entry
    this.#length += 1
    return entry
  }

  /** Takes the value that came first. */
  shift(): Entry<T> | undefined {
    const entry = this.#first
    if (entry !== undefined) this.remove(entry)
    return entry
  }

  /** Takes a value out of the middle; it must still be there. */
  remove({ before, after }: Entry<T>): void {
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    this.#length -= 1
  }
}

/** A value and its place among the others. */
export interface Entry<T> {
  readonly value: T
  before: Entry<T> | undefined
  after: Entry<T> | undefined
}
