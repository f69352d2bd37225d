/**
 * Compares a stream of equal replies with the expected reply, byte by byte, wherever the stream is cut.
 *
 * Nothing is allocated for a reply.
 */
export class Replies {
  /** The bytes of one reply. */
  readonly length: number
  /** Repeats the reply, so that one comparison is enough for a chunk. */
  readonly #repeated: Buffer
  readonly #ignored: Range | undefined

  /**
   * @param reply One whole reply, which is copied.
   * @param maxChunkBytes The most bytes that `areEqual` is given at once.
   * @param ignored A part that may differ in every reply, such as a date.
   */
  constructor(reply: Uint8Array, maxChunkBytes: number, ignored?: Range) {
    this.length = reply.length
    this.#ignored = ignored
    this.#repeated = Buffer.alloc(ignored === undefined ? reply.length + maxChunkBytes : reply.length, reply)
  }

  /**
   * Whether the next bytes of the stream are those expected.
   *
   * @param at The position of the first byte within its reply.
   * @param count The bytes of `chunk` to compare, from its beginning.
   */
  areEqual(at: number, chunk: Buffer, count: number): boolean {
    if (this.#ignored !== undefined) return this.#areEqualBut(this.#ignored, at, chunk, count)
    return chunk.compare(this.#repeated, at, at + count, 0, count) === 0
  }

  #areEqualBut({ start, end }: Range, at: number, chunk: Buffer, count: number): boolean {
    let position = at
    let from = 0
    while (from < count) {
      const stretchEnd = position < start ? start : position < end ? end : this.length
      const length = Math.min(stretchEnd - position, count - from)
      if (
        stretchEnd !== end &&
        chunk.compare(this.#repeated, position, position + length, from, from + length) !== 0
      )
        return false
      from += length
      position = position + length === this.length ? 0 : position + length
    }
    return true
  }
}

/** From `start` up to, and without, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}
