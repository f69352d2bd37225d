import type { Replies, ReplyReader } from './replies.ts'

/**
 * Reads binary messages that are all equal, of one or more frames each: a server may send a long message in fragments.
 *
 * @see RFC 6455 §5.4
 */
export class FragmentedReplies implements ReplyReader {
  /** The payload of a message. */
  readonly #payload: Replies
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES)
  #headerBytes = 0
  /** The bytes of the frame's payload that have not been received. */
  #left = 0
  /** The bytes received of the message. */
  #at = 0

  constructor(payload: Replies) {
    this.#payload = payload
  }

  received(chunk: Buffer, count: number): number {
    let from = 0
    let replies = 0
    while (from < count) {
      if (this.#left === 0) from = this.#readHeader(chunk, from, count)
      const length = Math.min(this.#left, count - from)
      if (length === 0) continue
      if (!this.#payload.areEqual(this.#at, chunk.subarray(from), length))
        throw new Error(`A reply differs from the first at its byte ${this.#at} or after`)
      from += length
      this.#left -= length
      this.#at += length
      if (this.#left === 0 && this.#endFrame()) replies += 1
    }
    return replies
  }

  /** Copies bytes of a header until it is whole; returns where they end. */
  #readHeader(chunk: Buffer, start: number, end: number): number {
    let from = start
    while (from < end) {
      this.#header[this.#headerBytes++] = chunk[from++] ?? 0
      const short = this.#header[1] ?? 0
      const wanted = this.#headerBytes < 2 || short < 126 ? 2 : short === 126 ? 4 : MAX_HEADER_BYTES
      if (this.#headerBytes < wanted) continue
      this.#left =
        wanted === 2
          ? short
          : wanted === 4
            ? this.#header.readUInt16BE(2)
            : Number(this.#header.readBigUInt64BE(2))
      this.#headerBytes = 0
      this.#checkHeader()
      return from
    }
    return from
  }

  #checkHeader(): void {
    const opcode = (this.#header[0] ?? 0) & 0x7f
    if (opcode !== (this.#at === 0 ? BINARY : CONTINUATION) || this.#left === 0)
      throw new Error(`Cannot read a frame of ${this.#left} bytes with the opcode ${opcode}`)
  }

  /** Returns whether the frame was the last one of its message. */
  #endFrame(): boolean {
    const isLast = ((this.#header[0] ?? 0) & FIN) !== 0
    if (isLast !== (this.#at === this.#payload.length))
      throw new Error(`A reply has the wrong length: ${this.#at} bytes`)
    if (isLast) this.#at = 0
    return isLast
  }
}

const MAX_HEADER_BYTES = 10
const CONTINUATION = 0x0
const BINARY = 0x2
const FIN = 0x80
