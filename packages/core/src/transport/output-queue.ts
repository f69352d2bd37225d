/**
 * The queue of bytes to send.
 *
 * Small pieces are copied into one, so that the small writes of a turn are sent as one piece. Large pieces
 * are kept by reference.
 */
export class OutputQueue {
  /** Joined or large pieces, ready to leave. */
  #ready: Buffer[] | undefined
  /** Small pieces after `#ready`, not joined yet. */
  #small: (Uint8Array | string)[] | undefined
  #smallBytes = 0
  /** How many pieces were joined in `#small`, or are in it. */
  #smallCount = 0
  /** Whether the last one of `#small` is a string of ASCII. */
  #asciiLast = false
  #bytes = 0

  /** Bytes in the queue. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds bytes, or a string as UTF-8. */
  push(data: Uint8Array | string): void {
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length
    if (length === 0) return
    this.#bytes += length
    if (length > LARGE_BYTES) {
      this.#join()
      this.#add(asBuffer(data))
      return
    }
    const small = this.#small
    const isASCII = typeof data === 'string' && data.length === length
    // Most turns write once: an array of one is smaller than an empty one that grows.
    if (small === undefined) this.#small = [data]
    // One string is encoded faster than many. Others cannot be joined: two halves of a surrogate pair would meet.
    else if (isASCII && this.#asciiLast) small.push(`${small.pop() as string}${data}`)
    else small.push(data)
    this.#asciiLast = isASCII
    this.#smallBytes += length
    if (this.#smallBytes >= JOIN_BYTES || ++this.#smallCount >= JOIN_COUNT) this.#join()
  }

  /**
   * Takes at most `limit` bytes from the front; none only when the queue is empty. A single string is not
   * encoded, because sockets encode it themselves.
   */
  take(limit: number): (Buffer | string)[] {
    const small = this.#small
    if (small?.length === 1 && this.#ready === undefined && this.#bytes <= limit) {
      const only = small[0] ?? ''
      this.clear()
      return [typeof only === 'string' ? only : asBuffer(only)]
    }
    this.#join()
    const ready = this.#ready ?? []
    if (this.#bytes <= limit) {
      this.#ready = undefined
      this.#bytes = 0
      return ready
    }
    const taken: Buffer[] = []
    let left = limit
    let whole = 0
    for (const part of ready) {
      if (part.length > left) {
        if (left > 0) taken.push(part.subarray(0, left))
        ready[whole] = part.subarray(left)
        break
      }
      taken.push(part)
      left -= part.length
      whole++
    }
    ready.splice(0, whole)
    this.#bytes -= limit
    return taken
  }

  /** Drops everything. */
  clear(): void {
    this.#ready = undefined
    this.#dropSmall()
    this.#bytes = 0
  }

  #join(): void {
    const small = this.#small
    if (small === undefined) return
    this.#add(small.length === 1 ? asBuffer(small[0] ?? '') : joined(small, this.#smallBytes))
    this.#dropSmall()
  }

  #dropSmall(): void {
    this.#small = undefined
    this.#smallBytes = 0
    this.#smallCount = 0
    this.#asciiLast = false
  }

  #add(piece: Buffer): void {
    if (this.#ready === undefined) this.#ready = [piece]
    else this.#ready.push(piece)
  }
}

function joined(parts: readonly (Uint8Array | string)[], length: number): Buffer {
  const whole = Buffer.allocUnsafe(length)
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') at += whole.write(part, at)
    else {
      whole.set(part, at)
      at += part.length
    }
  }
  return whole
}

function asBuffer(data: Uint8Array | string): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** Above this size, a copy costs more than another part in a gathered write. */
const LARGE_BYTES = 2048
const JOIN_BYTES = 16_384
/** Bounds the number of objects in memory for a slow peer. */
const JOIN_COUNT = 1024
