import { counted, LineTooLongError } from './remote-error.ts'

/**
 * A queue of bytes received and not yet parsed.
 *
 * A parser pushes the bytes that it receives and takes whole lines or frames; an incomplete one stays. Any
 * chunking of the same bytes costs linear time: small pushes are gathered in blocks that double, and a
 * search continues where the last one ended. A pushed Buffer is kept by reference, so the caller must
 * not change it afterwards. The caller owns the bytes that it takes; a small piece of a large chunk is
 * a copy, so that keeping ten bytes never keeps the 64 KiB chunk they were received in.
 */
export class ByteQueue {
  #chunks: Buffer[] = NO_CHUNKS
  /** Bytes of the first chunk that have already been taken. */
  #offset = 0
  #length = 0
  /** The memory of the last chunk if this queue allocated it and may append to it, and how much of it is used. */
  #block: Buffer | undefined
  #blockUsed = 0
  /** The number of leading bytes at which `#searchedFor` is known not to begin. */
  #searchedBytes = 0
  #searchedFor: Uint8Array = CRLF
  /** The memory from which small copies are allocated, and how much of it is used. */
  #spare: Buffer = EMPTY
  #spareUsed = 0
  #workBytes = 0

  /** Bytes held. */
  get length(): number {
    return this.#length
  }

  /** Bytes copied or searched since the queue was made, for tests of linear cost. */
  get workBytes(): number {
    return this.#workBytes
  }

  /** Adds bytes at the end. */
  push(data: Uint8Array): void {
    if (data.length === 0) return
    if (this.#length === 0) this.#restart(asBuffer(data))
    else if (data.length < SMALL_BYTES) this.#append(data)
    else {
      this.#chunks.push(asBuffer(data))
      this.#block = undefined
    }
    this.#length += data.length
  }

  /** Returns the byte at `index`, counted from the next byte to be taken; undefined beyond the end. */
  byteAt(index: number): number | undefined {
    if (index < 0 || index >= this.#length) return undefined
    let at = index + this.#offset
    const first = this.#chunks[0]!
    if (at < first.length) return first[at]
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at]
      at -= chunk.length
    }
    return undefined
  }

  /**
   * Returns the next `count` bytes without taking them.
   *
   * @returns undefined when fewer are held. The result may be a view: do not write to it.
   */
  peek(count: number): Buffer | undefined {
    if (count > this.#length) return undefined
    if (count === 0) return EMPTY
    const first = this.#chunks[0]!
    if (first.length - this.#offset >= count) return first.subarray(this.#offset, this.#offset + count)
    return this.#gather(count)
  }

  /**
   * Returns all bytes as one Buffer, without taking them.
   *
   * Separate chunks are joined once and stay joined. The view is valid until the next call that
   * changes the queue; do not write to it.
   */
  view(): Buffer {
    if (this.#length === 0) return EMPTY
    if (this.#chunks.length > 1) this.#join()
    return this.#offset === 0 ? this.#chunks[0]! : this.#chunks[0]!.subarray(this.#offset)
  }

  /** The first of the chunks that hold the bytes. Do not write to it. Its bytes before `frontOffset` have been taken. */
  get front(): Buffer {
    return this.#chunks[0] ?? EMPTY
  }

  /** The offset in `front` of the next byte to be taken. */
  get frontOffset(): number {
    return this.#offset
  }

  /**
   * Takes exactly `count` bytes.
   *
   * @returns undefined when fewer are held; nothing is taken then.
   */
  takeExactly(count: number): Buffer | undefined {
    if (count > this.#length) return undefined
    if (count === 0) return EMPTY
    const first = this.#chunks[0]!
    const taken =
      first.length - this.#offset >= count
        ? this.#slice(first, this.#offset, this.#offset + count)
        : this.#gather(count)
    this.skip(count)
    return taken
  }

  /**
   * Takes at most `limit` bytes from the front, without joining chunks.
   *
   * @returns undefined when the queue is empty, or `limit` is not above 0.
   */
  takeUpTo(limit: number): Buffer | undefined {
    if (this.#length === 0 || limit <= 0) return undefined
    const first = this.#chunks[0]!
    const end = Math.min(first.length, this.#offset + limit)
    const taken = this.#slice(first, this.#offset, end)
    this.skip(taken.length)
    return taken
  }

  /** Takes all bytes, as one Buffer. */
  takeAll(): Buffer {
    return this.takeExactly(this.#length)!
  }

  /**
   * Takes the next line, without its delimiter.
   *
   * @param limit Most bytes the line may have, delimiter not counted.
   * @returns undefined when the delimiter was not yet received.
   * @throws {LineTooLongError} once more than `limit` bytes contain no delimiter. Nothing is taken.
   */
  takeLine(limit: number, delimiter: Uint8Array = CRLF): Buffer | undefined {
    const end = this.#find(delimiter)
    if (end > limit || (end < 0 && this.#searchedBytes > limit)) throw new LineTooLongError(limit)
    if (end < 0) return undefined
    const line = this.takeExactly(end)
    this.skip(delimiter.length)
    return line
  }

  /** Drops `count` bytes from the front. */
  skip(count: number): void {
    if (count > this.#length) throw new RangeError(`Cannot skip ${count} of ${counted(this.#length, 'byte')}`)
    this.#length -= count
    this.#searchedBytes = Math.max(0, this.#searchedBytes - count)
    if (this.#length === 0) return this.clear()
    let at = this.#offset + count
    let gone = 0
    while (at >= this.#chunks[gone]!.length) at -= this.#chunks[gone++]!.length
    if (gone > 0) this.#chunks.splice(0, gone)
    this.#offset = at
    this.#release()
  }

  /** Drops all bytes. */
  clear(): void {
    this.#chunks = NO_CHUNKS
    this.#offset = 0
    this.#length = 0
    this.#searchedBytes = 0
    this.#block = undefined
    this.#spare = EMPTY
    this.#spareUsed = 0
  }

  #restart(chunk: Buffer): void {
    this.#chunks = [chunk]
    this.#offset = 0
    this.#searchedBytes = 0
    this.#block = undefined
  }

  /** Copies `data` after the last chunk, in place when its block has space. */
  #append(data: Uint8Array): void {
    this.#workBytes += data.length
    if (this.#block === undefined || this.#block.length - this.#blockUsed < data.length) {
      const size = Math.max(data.length, Math.min(Math.max(this.#length, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES))
      this.#block = Buffer.allocUnsafeSlow(size)
      this.#blockUsed = 0
    }
    const from = this.#blockUsed
    this.#block.set(data, from)
    this.#blockUsed += data.length
    if (from === 0) this.#chunks.push(this.#block.subarray(0, this.#blockUsed))
    else {
      const last = this.#chunks.length - 1
      const chunk = this.#chunks[last]!
      this.#chunks[last] = this.#block.subarray(from - chunk.length, this.#blockUsed)
    }
  }

  /** Joins all chunks in one block with space to grow, so that repeated joins stay linear. */
  #join(): void {
    const block = Buffer.allocUnsafeSlow(this.#length * 2)
    this.#copyTo(block, this.#length)
    this.#chunks = [block.subarray(0, this.#length)]
    this.#offset = 0
    this.#block = block
    this.#blockUsed = this.#length
  }

  #gather(count: number): Buffer {
    const gathered = this.#allocate(count)
    this.#copyTo(gathered, count)
    return gathered
  }

  #copyTo(target: Buffer, count: number): void {
    this.#workBytes += count
    let copied = 0
    let from = this.#offset
    for (const chunk of this.#chunks) {
      if (copied >= count) return
      copied += chunk.copy(target, copied, from, Math.min(chunk.length, from + count - copied))
      from = 0
    }
  }

  #slice(chunk: Buffer, start: number, end: number): Buffer {
    if (end - start > SMALL_BYTES || chunk.buffer.byteLength <= MAX_BLOCK_BYTES) {
      return chunk.subarray(start, end)
    }
    this.#workBytes += end - start
    const copy = this.#allocate(end - start)
    chunk.copy(copy, 0, start, end)
    return copy
  }

  /**
   * Allocates memory for a copy. Buffer's own pool is not used: from Node 24 on it is 64 KiB, and any
   * piece would keep all of it.
   */
  #allocate(bytes: number): Buffer {
    if (bytes > SMALL_BYTES) return Buffer.allocUnsafeSlow(bytes)
    if (this.#spare.length - this.#spareUsed < bytes) {
      this.#spare = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#length, MAX_SPARE_BYTES)))
      this.#spareUsed = 0
    }
    const memory = this.#spare.subarray(this.#spareUsed, this.#spareUsed + bytes)
    this.#spareUsed += bytes
    return memory
  }

  /** Releases a large chunk of which only a little is left. */
  #release(): void {
    const first = this.#chunks[0]!
    const left = first.length - this.#offset
    if (left > SMALL_BYTES || first.buffer.byteLength <= MAX_BLOCK_BYTES) return
    this.#workBytes += left
    const rest = Buffer.allocUnsafeSlow(left)
    first.copy(rest, 0, this.#offset)
    this.#chunks[0] = rest
    this.#offset = 0
    if (this.#chunks.length === 1) this.#block = undefined
  }

  /** Returns where `delimiter` begins, or -1; remembers how far it has searched. */
  #find(delimiter: Uint8Array): number {
    if (delimiter !== this.#searchedFor) {
      this.#searchedFor = delimiter
      this.#searchedBytes = 0
    }
    let start = -this.#offset
    for (const chunk of this.#chunks) {
      let from = Math.max(this.#searchedBytes - start, start < 0 ? -start : 0)
      while (from < chunk.length) {
        const at = chunk.indexOf(delimiter[0]!, from)
        this.#workBytes += (at < 0 ? chunk.length : at + 1) - from
        if (at < 0) break
        const match = this.#matches(delimiter, start + at)
        this.#searchedBytes = start + at
        if (match !== false) return match === true ? start + at : -1
        from = at + 1
      }
      start += chunk.length
      this.#searchedBytes = Math.max(this.#searchedBytes, start)
    }
    return -1
  }

  /** Whether `delimiter` is at `at`; undefined when the bytes end before the delimiter is complete. */
  #matches(delimiter: Uint8Array, at: number): boolean | undefined {
    for (let i = 1; i < delimiter.length; i++) {
      const byte = this.byteAt(at + i)
      if (byte === undefined) return undefined
      if (byte !== delimiter[i]) return false
    }
    return true
  }
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** Returns `data`. @throws {TypeError} unless `data` is bytes or a string. */
export function assertBytes(data: unknown): Uint8Array | string {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  throw new TypeError(`Cannot write ${data === null ? 'null' : typeof data}: give a Uint8Array or a string`)
}

const CRLF: Uint8Array = Uint8Array.of(0x0d, 0x0a)
const EMPTY = Buffer.alloc(0)
/** The chunks of every empty queue. The first push replaces them. */
const NO_CHUNKS: Buffer[] = []
/** Pushes and takes up to this size are copied where a reference would cost more or keep too much memory. */
const SMALL_BYTES = 2048
const MAX_SPARE_BYTES = 8192
const MIN_BLOCK_BYTES = 256
/** An allocation up to this size may be kept alive by any piece of it. */
const MAX_BLOCK_BYTES = 16_384
