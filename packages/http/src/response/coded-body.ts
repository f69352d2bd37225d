import { LocalProtocolError } from '@ropewalk/core'
import { ByteQueue } from '@ropewalk/core/bytes'
import type { Coder } from './coders.ts'
import { wrongLength } from './response-stream.ts'

/** What a coded body is sent to. */
export interface CodedSink {
  /** Sends a coded piece. @returns false when `drained` is to be awaited. */
  write(piece: Uint8Array): boolean
  /** Resolves with true when there is space again, or with false when nothing more can be sent. */
  drained(): Promise<boolean>
  /** Is called when everything was sent. */
  finish(): void
  /** Is called when the body cannot be sent to its end. */
  failed(error: unknown): void
}

/**
 * A body that is coded piece by piece.
 *
 * Pieces that are written while the coder is busy are coded together. When the sink is full, the coder waits, then
 * the pieces do, and then `write` returns false.
 *
 *     open ──end──▶ ending ──all sent──▶ over
 *       └──────release or failure──────────▲
 */
export class CodedBody {
  readonly #coder: Coder
  readonly #sink: CodedSink
  readonly #declaredBytes: number | undefined
  readonly #closed: () => void
  #stage: 'open' | 'ending' | 'over' = 'open'
  #work: 'none' | 'scheduled' | 'coding' = 'none'
  #held = new ByteQueue()
  #writtenBytes = 0
  #waiting: ((open: boolean) => void)[] = []

  /**
   * @param coder It is destroyed at the end.
   * @param declaredBytes The length that the body must have before it is coded.
   * @param closed Is called once, when the coder is no longer in use.
   */
  constructor(coder: Coder, sink: CodedSink, declaredBytes: number | undefined, closed: () => void) {
    this.#coder = coder
    this.#sink = sink
    this.#declaredBytes = declaredBytes
    this.#closed = closed
    coder.on('data', (piece: Buffer) => {
      if (this.#stage !== 'over' && !sink.write(piece)) void this.#awaitSpace()
    })
    coder.on('end', () => this.#ended(undefined))
    coder.on('error', (error: Error) => this.#ended(error))
  }

  /** Whether its last piece was written, or it was released. */
  get complete(): boolean {
    return this.#stage !== 'open'
  }

  /** Bytes that were written and are not yet coded. */
  get heldBytes(): number {
    return this.#held.length
  }

  /**
   * Queues a piece.
   *
   * @returns false when enough is queued: await `drained`. A write while more than 16 MiB are queued fails the body.
   * @throws {LocalProtocolError} when the body exceeds its declared length.
   */
  write(piece: Uint8Array | string): boolean {
    if (this.#stage !== 'open') return false
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    if (bytes.length > 0) {
      this.#writtenBytes += bytes.length
      if (this.#declaredBytes !== undefined && this.#writtenBytes > this.#declaredBytes) {
        throw wrongLength(this.#writtenBytes, this.#declaredBytes)
      }
      if (this.#held.length > MAX_HELD_BYTES) {
        this.#ended(
          new LocalProtocolError(`Cannot write: more than ${MAX_HELD_BYTES} bytes wait to be coded`),
        )
        return false
      }
      this.#held.push(bytes)
      this.#schedule()
    }
    return this.#held.length < HIGH_WATER_BYTES
  }

  /** Resolves with true when few bytes are queued, or with false once the body was released. */
  drained(): Promise<boolean> {
    if (this.#stage === 'over') return Promise.resolve(false)
    if (this.#held.length <= LOW_WATER_BYTES) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /**
   * Ends the body. `finish` of the sink is called when everything was sent.
   *
   * @throws {LocalProtocolError} when the body is shorter than its declared length.
   */
  end(): void {
    if (this.#declaredBytes !== undefined && this.#writtenBytes !== this.#declaredBytes) {
      throw wrongLength(this.#writtenBytes, this.#declaredBytes)
    }
    this.#stage = 'ending'
    this.#schedule()
  }

  /** Drops what is queued, and frees the coder. No method of the sink is called any more. */
  release(): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#held = new ByteQueue()
    this.#coder.destroy()
    this.#closed()
    this.#wake()
  }

  /** Pieces written in the same turn are coded together. */
  #schedule(): void {
    if (this.#work !== 'none') return
    this.#work = 'scheduled'
    void Promise.resolve().then(() => this.#code())
  }

  #code(): void {
    this.#work = 'none'
    if (this.#stage === 'over') return
    const batch = this.#held.takeExactly(Math.min(this.#held.length, BATCH_BYTES))
    if (this.#stage === 'ending' && this.#held.length === 0) {
      this.#work = 'coding'
      this.#coder.end(batch)
    } else if (batch !== undefined && batch.length > 0) {
      this.#work = 'coding'
      this.#coder.write(batch, (error) => {
        // An error is also emitted.
        if (error === null || error === undefined) this.#code()
      })
    }
    if (this.#held.length <= LOW_WATER_BYTES) this.#wake()
  }

  async #awaitSpace(): Promise<void> {
    this.#coder.pause()
    const open = await this.#sink.drained()
    if (this.#stage === 'over') return
    if (open) this.#coder.resume()
    else this.release()
  }

  #ended(error: Error | undefined): void {
    if (this.#stage === 'over') return
    this.release()
    if (error === undefined) this.#sink.finish()
    else this.#sink.failed(error)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve(this.#stage !== 'over')
  }
}

/** Above this many bytes `write` returns false; below the other mark `drained` resolves, as a transport does. */
const HIGH_WATER_BYTES = 65_536
const LOW_WATER_BYTES = 16_384
/** As `maxBufferedBytes` of a transport. */
const MAX_HELD_BYTES = 16_777_216
const BATCH_BYTES = 65_536
