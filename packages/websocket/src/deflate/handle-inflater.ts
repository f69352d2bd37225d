import type { DeflateDirection } from './deflate-agreement.ts'
import type { InflaterPool } from './inflater-pool.ts'
import { type ClosableInflater, invalidCompression, MOST_ENDS, TAIL, tooLarge } from './message-codec.ts'
import { Flush, type ZlibHandle } from './zlib-handle.ts'

/**
 * Inflates the messages of one peer with a ZlibHandle, which it opens for the first compressed message.
 *
 * If the peer refers to earlier messages, the handle is kept until `close`; else it is taken from a pool for
 * each message.
 */
export class HandleInflater implements ClosableInflater {
  readonly #direction: DeflateDirection
  readonly #pool: InflaterPool
  #handle: ZlibHandle | undefined
  /** The bytes that have not all been inflated, and where the rest begins. */
  #input: Uint8Array = NO_BYTES
  #start = 0
  #more = false
  /** Blocks of this message that were marked as the last one. */
  #ends = 0

  constructor(direction: DeflateDirection, pool: InflaterPool) {
    this.#direction = direction
    this.#pool = pool
  }

  get more(): boolean {
    return this.#more
  }

  inflate(data: Uint8Array, last: boolean, mostBytes: number): Uint8Array {
    if (!this.#more) {
      this.#input = data
      this.#start = 0
    }
    try {
      const inflated = this.#inflateSlice(mostBytes)
      if (!this.#more) {
        this.#input = NO_BYTES
        if (last) this.#endMessage()
      }
      return inflated
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    this.#handle?.close()
    this.#handle = undefined
    this.#input = NO_BYTES
    this.#more = false
  }

  /** Inflates at most what there is room for in `OUTPUT`, and notes whether more waits. */
  #inflateSlice(mostBytes: number): Buffer {
    const handle = (this.#handle ??= this.#open())
    let produced = 0
    for (;;) {
      const output = produced === 0 ? OUTPUT : OUTPUT.subarray(produced)
      if (!handle.run(Flush.sync, this.#input, this.#start, output)) throw invalidCompression(NOT_DEFLATE)
      this.#start += handle.consumedBytes
      produced += handle.producedBytes
      if (produced > mostBytes) throw tooLarge()
      this.#more = produced === OUTPUT.length
      if (this.#more || this.#start === this.#input.length) return copied(produced)
      // There was room and input, so the block before was marked as the last one.
      this.#restart(handle)
    }
  }

  /** Adds the end that the sender left away, and checks that the message has ended there and not before. */
  #endMessage(): void {
    const handle = this.#handle
    if (handle === undefined) return
    // zlib stops where a block ends, so the byte after the tail is left if that is the end of the tail.
    if (!handle.run(Flush.block, TAIL_AND_ONE, 0, OUTPUT)) throw invalidCompression(CUT)
    // A message may end with a block marked as the last one, after which zlib takes nothing.
    if (handle.consumedBytes === 0) this.#restart(handle)
    else if (handle.consumedBytes !== TAIL.length || handle.producedBytes > 0) throw invalidCompression(CUT)
    this.#ends = 0
    if (this.#direction.contextTakeover) return
    this.#handle = undefined
    this.#pool.giveBack(handle)
  }

  /** Bytes after a block marked as the last one are a new stream (RFC 7692 §7.2.3.4). */
  #restart(handle: ZlibHandle): void {
    if (++this.#ends > MOST_ENDS) throw invalidCompression('has too many blocks marked as the last one')
    handle.reset()
  }

  #open(): ZlibHandle {
    return this.#direction.contextTakeover ? this.#pool.open(this.#direction.windowBits) : this.#pool.take()
  }
}

/** A copy of the first bytes of `OUTPUT`. A small one is in Buffer's pool. */
function copied(bytes: number): Buffer {
  const copy = bytes <= POOLED_BYTES ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes)
  copy.set(bytes === OUTPUT.length ? OUTPUT : OUTPUT.subarray(0, bytes))
  return copy
}

const NOT_DEFLATE = 'is not DEFLATE'
const CUT = 'ends within a block'
const POOLED_BYTES = 4096
const TAIL_AND_ONE: Uint8Array = Buffer.of(...TAIL, 0x00)
const NO_BYTES = new Uint8Array(0)
/** Where zlib writes: what is in it is copied before a call returns. Its size is that of a slice. */
const OUTPUT = Buffer.allocUnsafeSlow(65_536)
