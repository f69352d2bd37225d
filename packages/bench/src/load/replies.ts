/** Checks the replies of one connection. */
export interface ReplyReader {
  /**
   * Takes the first `count` bytes of a chunk, which is valid during the call only.
   *
   * @returns The number of replies that are whole now.
   * @throws {Error} when a reply is not the one expected.
   */
  received(chunk: Buffer, count: number): number
}

/** Reads replies that are all equal. */
export class EqualReplies implements ReplyReader {
  readonly #replies: Replies
  /** The bytes received of the next reply. */
  #at = 0

  constructor(replies: Replies) {
    this.#replies = replies
  }

  received(chunk: Buffer, count: number): number {
    if (!this.#replies.areEqual(this.#at, chunk, count))
      throw new Error(`A reply differs from the first: ${chunk.toString('latin1', 0, Math.min(count, 300))}`)
    const end = this.#at + count
    this.#at = end % this.#replies.length
    return (end - this.#at) / this.#replies.length
  }
}

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
