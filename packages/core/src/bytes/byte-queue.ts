import { LineTooLongError } from './remote-error.ts'

/**
 * Bytes that have arrived and are not yet parsed, in order.
 *
 * A parser pushes what it is given and takes whole units; what is not whole stays. Every way of
 * feeding the same bytes costs linear time: small pushes are gathered in blocks that double, and a
 * search goes on where the last one ended. A Buffer that was pushed is kept by reference, so the
 * caller must not change it afterwards. What is taken belongs to the taker; a small piece of a
 * large chunk is a copy, so that keeping ten bytes never keeps the 64 KiB they came in.
 */
export class ByteQueue {
  #chunks: Buffer[] = []
  /** Bytes of the first chunk that were taken already. */
  #offset = 0
  #length = 0
  /** The store behind the last chunk when it is ours to append to, and how much of it is used. */
  #block: Buffer | undefined
  #blockUsed = 0
  /** Leading bytes known not to begin `#searched`. */
  #clearOf = 0
  #searched: Uint8Array = CRLF
  /** Where small copies are carved from, and how much of it is used. */
  #spare: Buffer = EMPTY
  #spareUsed = 0
  #workBytes = 0

  /** Bytes held. */
  get length(): number {
    return this.#length
  }

  /** Bytes copied or searched since the queue was made: what tests of linear cost count. */
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

  /** The byte at `index`, counted from the next one to be taken; undefined beyond the end. */
  byteAt(index: number): number | undefined {
    if (index < 0 || index >= this.#length) return undefined
    let at = index + this.#offset
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at]
      at -= chunk.length
    }
    return undefined
  }

  /**
   * The next `count` bytes, which stay in the queue.
   *
   * @returns undefined when fewer are held. A view where the bytes lie together: do not write to it.
   */
  peek(count: number): Buffer | undefined {
    if (count > this.#length) return undefined
    if (count === 0) return EMPTY
    const first = this.#chunks[0]!
    if (first.length - this.#offset >= count) return first.subarray(this.#offset, this.#offset + count)
    return this.#gather(count)
  }

  /**
   * All that is held as one Buffer, without taking it.
   *
   * Bytes that lie apart are joined once and stay joined. The view is good until the next call that
   * changes the queue; do not write to it.
   */
  view(): Buffer {
    if (this.#length === 0) return EMPTY
    if (this.#chunks.length > 1) this.#join()
    return this.#offset === 0 ? this.#chunks[0]! : this.#chunks[0]!.subarray(this.#offset)
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
   * Takes what lies together at the front, at most `limit` bytes of it.
   *
   * @returns undefined when nothing is held.
   */
  takeUpTo(limit: number): Buffer | undefined {
    if (this.#length === 0 || limit <= 0) return undefined
    const first = this.#chunks[0]!
    const end = Math.min(first.length, this.#offset + limit)
    const taken = this.#slice(first, this.#offset, end)
    this.skip(taken.length)
    return taken
  }

  /** Takes all that is held, as one Buffer. */
  takeAll(): Buffer {
    return this.takeExactly(this.#length)!
  }

  /**
   * Takes the next line, without its delimiter.
   *
   * @param limit Most bytes the line may have, delimiter not counted.
   * @returns undefined when the delimiter has not arrived.
   * @throws {LineTooLongError} once more than `limit` bytes hold no delimiter. Nothing is taken.
   */
  takeLine(limit: number, delimiter: Uint8Array = CRLF): Buffer | undefined {
    const end = this.#find(delimiter)
    if (end > limit || (end < 0 && this.#clearOf > limit)) throw new LineTooLongError(limit)
    if (end < 0) return undefined
    const line = this.takeExactly(end)
    this.skip(delimiter.length)
    return line
  }

  /** Drops `count` bytes from the front. */
  skip(count: number): void {
    if (count > this.#length) throw new RangeError(`Cannot skip ${count} of ${this.#length} bytes`)
    this.#length -= count
    this.#clearOf = Math.max(0, this.#clearOf - count)
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
    this.#chunks = []
    this.#offset = 0
    this.#length = 0
    this.#clearOf = 0
    this.#block = undefined
    this.#spare = EMPTY
    this.#spareUsed = 0
  }

  #restart(chunk: Buffer): void {
    this.#chunks = [chunk]
    this.#offset = 0
    this.#clearOf = 0
    this.#block = undefined
  }

  /** Copies `data` behind the last chunk, in place where its block has room. */
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

  /** Makes all chunks one, with room to grow, so that joining again and again stays linear. */
  #join(): void {
    const block = Buffer.allocUnsafeSlow(this.#length * 2)
    this.#copyTo(block, this.#length)
    this.#chunks = [block.subarray(0, this.#length)]
    this.#offset = 0
    this.#block = block
    this.#blockUsed = this.#length
  }

  #gather(count: number): Buffer {
    const gathered = this.#room(count)
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
    const copy = this.#room(end - start)
    chunk.copy(copy, 0, start, end)
    return copy
  }

  /**
   * Room for a copy. Not Buffer's own pool: from Node 24 on it is 64 KiB, which any piece of it
   * would keep.
   */
  #room(bytes: number): Buffer {
    if (bytes > SMALL_BYTES) return Buffer.allocUnsafeSlow(bytes)
    if (this.#spare.length - this.#spareUsed < bytes) {
      this.#spare = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#length, MAX_SPARE_BYTES)))
      this.#spareUsed = 0
    }
    const room = this.#spare.subarray(this.#spareUsed, this.#spareUsed + bytes)
    this.#spareUsed += bytes
    return room
  }

  /** Lets go of a large chunk of which only a little is left. */
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

  /** Where `delimiter` begins, or -1; remembers how far it looked. */
  #find(delimiter: Uint8Array): number {
    if (delimiter !== this.#searched) {
      this.#searched = delimiter
      this.#clearOf = 0
    }
    let start = -this.#offset
    for (const chunk of this.#chunks) {
      let from = Math.max(this.#clearOf - start, start < 0 ? -start : 0)
      while (from < chunk.length) {
        const at = chunk.indexOf(delimiter[0]!, from)
        this.#workBytes += (at < 0 ? chunk.length : at + 1) - from
        if (at < 0) break
        const match = this.#matches(delimiter, start + at)
        this.#clearOf = start + at
        if (match !== false) return match === true ? start + at : -1
        from = at + 1
      }
      start += chunk.length
      this.#clearOf = Math.max(this.#clearOf, start)
    }
    return -1
  }

  /** Whether `delimiter` stands at `at`; undefined when it is cut short by the end. */
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

/** Answers `data`. @throws {TypeError} unless `data` is what can be written: bytes or a string. */
export function assertBytes(data: unknown): Uint8Array | string {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  throw new TypeError(`Cannot write ${data === null ? 'null' : typeof data}: give a Uint8Array or a string`)
}

const CRLF: Uint8Array = Uint8Array.of(0x0d, 0x0a)
const EMPTY = Buffer.alloc(0)
/** Pushes and takes up to this size are copied where a reference would be dearer or keep too much. */
const SMALL_BYTES = 2048
const MAX_SPARE_BYTES = 8192
const MIN_BLOCK_BYTES = 256
/** A store up to this size may be kept alive by any piece of it. */
const MAX_BLOCK_BYTES = 16_384
