/**
 * Bytes on their way out.
 *
 * Small pieces are joined by copying, so that a turn's worth of them leaves as one; large ones are
 * kept by reference.
 */
export class OutputQueue {
  /** Joined or large pieces, ready to leave. */
  #ready: Buffer[] = []
  /** Small pieces behind them, still apart. */
  #small: (Uint8Array | string)[] = []
  #smallBytes = 0
  #bytes = 0

  /** Bytes held. */
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
      this.#ready.push(asBuffer(data))
      return
    }
    this.#small.push(data)
    this.#smallBytes += length
    if (this.#smallBytes >= JOIN_BYTES || this.#small.length >= JOIN_COUNT) this.#join()
  }

  /** Takes about `limit` bytes from the front, none only when none are held. A lone string stays one: sockets encode it themselves. */
  take(limit: number): (Buffer | string)[] {
    const [only] = this.#small
    if (typeof only === 'string' && this.#small.length === 1 && this.#ready.length === 0) {
      this.clear()
      return [only]
    }
    this.#join()
    if (this.#bytes <= limit) {
      const all = this.#ready
      this.#ready = []
      this.#bytes = 0
      return all
    }
    const taken: Buffer[] = []
    let room = limit
    let whole = 0
    for (const part of this.#ready) {
      if (part.length > room) {
        if (room > 0) taken.push(part.subarray(0, room))
        this.#ready[whole] = part.subarray(room)
        break
      }
      taken.push(part)
      room -= part.length
      whole++
    }
    this.#ready.splice(0, whole)
    this.#bytes -= limit
    return taken
  }

  /** Drops everything. */
  clear(): void {
    this.#ready = []
    this.#small = []
    this.#smallBytes = 0
    this.#bytes = 0
  }

  #join(): void {
    if (this.#small.length === 0) return
    if (this.#small.length === 1) this.#ready.push(asBuffer(this.#small[0] ?? ''))
    else this.#ready.push(joined(this.#small, this.#smallBytes))
    this.#small = []
    this.#smallBytes = 0
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

/** Above this a copy costs more than one more part in a gathered write. */
const LARGE_BYTES = 2048
const JOIN_BYTES = 16_384
/** Bounds the objects that a slow peer makes us hold. */
const JOIN_COUNT = 1024
