/** A change of a file's content: bytes written at a place, or a new length. */
export type Change =
  | { readonly type: 'write'; readonly at: number; readonly data: Uint8Array }
  | { readonly type: 'truncate'; readonly length: number }

/** The bytes of a file. */
export class FileContent {
  #bytes: Buffer
  #length: number

  /** @param bytes The first content. The caller must not change it later. */
  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = bytes
    this.#length = bytes.length
  }

  get length(): number {
    return this.#length
  }

  /** Returns a copy of the bytes. */
  copy(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  /** Copies bytes to the same place in `target`, as far as both have it. */
  copyTo(target: Buffer, from: number, to: number): void {
    const end = Math.min(to, this.#length)
    if (from < end) this.#bytes.copy(target, from, from, end)
  }

  /** Makes a change. New bytes that it does not write are 0. */
  apply(change: Change): void {
    if (change.type === 'truncate') return this.#resize(change.length)
    this.#resize(Math.max(this.#length, change.at + change.data.length))
    this.#bytes.set(change.data, change.at)
  }

  /** The bytes beyond the length are always 0. */
  #resize(length: number): void {
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length))
      this.copyTo(larger, 0, this.#length)
      this.#bytes = larger
    }
    if (length < this.#length) this.#bytes.fill(0, length, this.#length)
    this.#length = length
  }
}

/** The length of a file of `length` bytes after a change. */
export function lengthAfter(length: number, change: Change): number {
  return change.type === 'truncate' ? change.length : Math.max(length, change.at + change.data.length)
}
