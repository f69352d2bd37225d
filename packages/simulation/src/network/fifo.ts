/** A queue whose oldest item is taken in constant time, however long it is. */
export class Fifo<T> {
  #items: T[] = []
  #taken = 0

  get length(): number {
    return this.#items.length - this.#taken
  }

  /** The oldest item; undefined when there is none. */
  get first(): T | undefined {
    return this.#items[this.#taken]
  }

  /** Adds an item at the end. */
  push(item: T): void {
    this.#items.push(item)
  }

  /** Replaces the oldest item. */
  replaceFirst(item: T): void {
    this.#items[this.#taken] = item
  }

  /** Takes the oldest item; returns undefined when there is none. */
  shift(): T | undefined {
    const first = this.#items[this.#taken]
    if (this.length === 0) return undefined
    this.#taken++
    if (this.#taken > LEAST_TAKEN && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken)
      this.#taken = 0
    }
    return first
  }

  /** Removes all items. */
  clear(): void {
    this.#items = []
    this.#taken = 0
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#taken; at < this.#items.length; at++) yield this.#items[at] as T
  }
}

const LEAST_TAKEN = 32
