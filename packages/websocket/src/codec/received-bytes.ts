import type { ByteInput } from './byte-input.ts'

/**
 * A queue of the bytes that a peer has sent, for any JavaScript engine (RFC 6455 §5.2: frames need not arrive
 * as they were sent).
 *
 * Any chunking of the same bytes costs linear time and memory: small chunks are copied into blocks. Larger
 * ones are kept by reference: the caller must not use a chunk after it has pushed it.
 */
export class ReceivedBytes implements ByteInput {
  #chunks: Uint8Array[] = []
  /** Bytes of the first chunk that have been taken. */
  #offset = 0
  #length = 0
  /** The block that the last chunk is the beginning of, if small chunks may be copied after it. */
  #block: Uint8Array | undefined

  get length(): number {
    return this.#length
  }

  /** Adds bytes at the end. */
  push(data: Uint8Array): void {
    if (data.length === 0) return
    if (this.#length > 0 && data.length < SMALL_BYTES) this.#append(data)
    else {
      this.#chunks.push(data)
      this.#block = undefined
    }
    this.#length += data.length
  }

  byteAt(index: number): number | undefined {
    if (index < 0 || index >= this.#length) return undefined
    let at = index + this.#offset
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at]
      at -= chunk.length
    }
    return undefined
  }

  peek(count: number): Uint8Array | undefined {
    if (count > this.#length) return undefined
    const first = this.#chunks[0] ?? NO_BYTES
    const end = this.#offset + count
    return end <= first.length ? first.subarray(this.#offset, end) : this.#gather(count)
  }

  takeExactly(count: number): Uint8Array | undefined {
    const taken = this.peek(count)
    if (taken === undefined) return undefined
    this.skip(count)
    return own(taken)
  }

  takeUpTo(limit: number): Uint8Array | undefined {
    const [first] = this.#chunks
    if (first === undefined || limit <= 0) return undefined
    const taken = first.subarray(this.#offset, Math.min(first.length, this.#offset + limit))
    this.skip(taken.length)
    return own(taken)
  }

  /** @throws {RangeError} when fewer bytes are held. */
  skip(count: number): void {
    if (count > this.#length) throw new RangeError(`Cannot skip ${count} of ${this.#length} bytes`)
    this.#length -= count
    if (this.#length === 0) return this.clear()
    this.#offset += count
    let gone = 0
    for (const chunk of this.#chunks) {
      if (this.#offset < chunk.length) break
      this.#offset -= chunk.length
      gone++
    }
    if (gone > 0) this.#chunks.splice(0, gone)
  }

  clear(): void {
    this.#chunks = []
    this.#offset = 0
    this.#length = 0
    this.#block = undefined
  }

  #append(data: Uint8Array): void {
    const last = this.#chunks.length - 1
    const used = this.#block === undefined ? 0 : (this.#chunks[last]?.length ?? 0)
    if (this.#block !== undefined && this.#block.length - used >= data.length) {
      this.#block.set(data, used)
      this.#chunks[last] = this.#block.subarray(0, used + data.length)
      return
    }
    const roomy = Math.min(Math.max(this.#length, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES)
    this.#block = new Uint8Array(Math.max(data.length, roomy))
    this.#block.set(data)
    this.#chunks.push(this.#block.subarray(0, data.length))
  }

  #gather(count: number): Uint8Array {
    const gathered = new Uint8Array(count)
    let at = 0
    let from = this.#offset
    for (const chunk of this.#chunks) {
      if (at === count) break
      const piece = chunk.subarray(from, from + count - at)
      gathered.set(piece, at)
      at += piece.length
      from = 0
    }
    return gathered
  }
}

/** A small piece of a large chunk is copied, so that keeping it does not keep the chunk. */
function own(taken: Uint8Array): Uint8Array {
  const isPiece = taken.length < SMALL_BYTES && taken.buffer.byteLength > MAX_BLOCK_BYTES
  return isPiece ? taken.slice() : taken
}

const NO_BYTES = new Uint8Array(0)
/** Copying so few bytes is cheaper than a reference to them, which keeps their whole memory alive. */
const SMALL_BYTES = 2048
const MIN_BLOCK_BYTES = 256
const MAX_BLOCK_BYTES = 16_384
