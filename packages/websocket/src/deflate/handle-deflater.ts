import type { DeflateDirection } from './deflate-agreement.ts'
import type { DeflaterPool } from './deflater-pool.ts'
import { EMPTY_MESSAGE, type SlicedDeflater, TAIL } from './message-codec.ts'
import { Flush, type ZlibHandle } from './zlib-handle.ts'

/** Deflates the messages of one WebSocket with a ZlibHandle of a pool. */
export class HandleDeflater implements SlicedDeflater {
  readonly #direction: DeflateDirection
  readonly #pool: DeflaterPool
  /** Whether the next message must not refer to earlier ones. */
  #forgets = false

  constructor(direction: DeflateDirection, pool: DeflaterPool) {
    this.#direction = direction
    this.#pool = pool
  }

  deflate(data: Uint8Array): Uint8Array {
    if (data.length === 0) return EMPTY_MESSAGE
    const handle = this.#handle()
    const pieces = run(handle, Flush.sync, data)
    this.#messageEnds()
    return withoutTail(pieces)
  }

  *slices(data: Uint8Array): Generator<void, Uint8Array> {
    const handle = this.#handle()
    const pieces: Buffer[] = []
    this.#pool.pin(this)
    for (let at = 0; at + SLICE_BYTES < data.length; at += SLICE_BYTES) {
      pieces.push(...run(handle, Flush.none, data.subarray(at, at + SLICE_BYTES)))
      yield
    }
    const lastBytes = data.length % SLICE_BYTES || SLICE_BYTES
    pieces.push(...run(handle, Flush.sync, data.subarray(-lastBytes)))
    this.#pool.unpin(this)
    this.#messageEnds()
    return withoutTail(pieces)
  }

  forget(): void {
    this.#forgets = true
  }

  close(): void {
    this.#pool.close(this)
  }

  #handle(): ZlibHandle {
    const handle = this.#pool.handleOf(this, this.#direction.windowBits)
    if (this.#forgets) handle.reset()
    this.#forgets = false
    return handle
  }

  #messageEnds(): void {
    if (!this.#direction.contextTakeover) this.#pool.giveBack(this)
  }
}

/** Passes all of `data` to zlib; returns what it yields. */
function run(handle: ZlibHandle, flush: Flush, data: Uint8Array): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; ; at += handle.consumedBytes) {
    if (!handle.run(flush, data, at, OUTPUT)) throw new Error('Cannot deflate: zlib has failed')
    const { producedBytes } = handle
    if (producedBytes > 0) pieces.push(copied(producedBytes))
    if (producedBytes < OUTPUT.length) return pieces
  }
}

/** Joins the pieces of a message, without the last four bytes. */
function withoutTail(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  const all = only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces)
  return all.subarray(0, -TAIL.length)
}

/** A small copy is in Buffer's pool: it is copied into a frame at once, and keeps nothing alive. */
function copied(bytes: number): Buffer {
  const copy = bytes <= POOLED_BYTES ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes)
  copy.set(OUTPUT.subarray(0, bytes))
  return copy
}

/** What is deflated before other work is done: a third of a millisecond. */
const SLICE_BYTES = 32_768
const POOLED_BYTES = 4096
/** Where zlib writes: what is in it is copied before a call returns. */
const OUTPUT = Buffer.allocUnsafeSlow(65_536)
