import { ByteQueue } from '@ropewalk/core/bytes'
import type { GivenOptions } from '@ropewalk/core/options'
import { tolerated } from '@ropewalk/core/reactor'
import { Headers } from '../message/headers.ts'
import { DecodedBody, type DecodingOptions } from './body-decoding.ts'
import { type BodyRequest, readTwice } from './body-pieces.ts'
import { contentCodings, ReadableBody } from './readable-body.ts'

/** The source of a body's bytes. */
export interface BodySource {
  /** Is called when the body is being read and has no bytes: provides more, unless all have arrived. */
  bodyWanted(): void
  /** Bytes of the whole body, if the request's head states them. */
  readonly expectedBytes?: number | undefined
}

/**
 * The body of a request, read as it arrives.
 *
 * Beyond 64 KiB, nothing is read from the connection before the body is read, nor faster than it is
 * read. A body can be read once. Reading fails when the connection is lost or the client violates HTTP.
 * That never becomes an unhandled rejection, so a client cannot end the process.
 */
export class RequestBody extends ReadableBody {
  readonly #source: BodySource
  readonly #request: BodyRequest
  readonly #held = new ByteQueue()
  #end: BodyEnd = ARRIVING
  #reading = false
  #receivedBytes = 0
  #wake: (() => void) | undefined
  #trailers: Trailers | undefined

  /** The channel calls this. */
  constructor(source: BodySource, request: BodyRequest) {
    super(request)
    this.#source = source
    this.#request = request
  }

  /** Bytes of the whole body, if the request's head states them; undefined for a body in chunks. */
  get expectedBytes(): number | undefined {
    return this.#source.expectedBytes
  }

  /** Bytes of the body that have arrived. It is read as fast as the program reads it, and 64 KiB ahead. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /**
   * The header fields that the client sent after the body. They are separate from the headers of the request, and
   * are available once the body has been read to its end.
   *
   * @throws as reading the pieces does (rejects).
   */
  get trailers(): Promise<Headers> {
    this.#trailers ??= newTrailers()
    this.#settleTrailers()
    return this.#trailers.promise
  }

  /** Whether more of it is to arrive. */
  get arriving(): boolean {
    return this.#end.is === 'arriving'
  }

  /** Whether the reader accepts more bytes now. */
  get wanted(): boolean {
    return this.#reading && this.#end.is === 'arriving' && this.#held.length < HIGH_WATER_BYTES
  }

  /** Whether all of it has arrived. */
  get complete(): boolean {
    return this.#end.is === 'complete'
  }

  /** Whether reading has begun. */
  get used(): boolean {
    return this.#reading
  }

  /**
   * Returns the body with its Content-Encoding undone: gzip, deflate, br, and zstd where Node has it. It has the same
   * ways of reading. A body without a coding is returned as it is, with the same limit.
   *
   * @throws {TypeError | RangeError} for an option that does not exist, has the wrong type or is out of range.
   */
  decoded(options?: GivenOptions<DecodingOptions>): DecodedBody {
    const coded = {
      pieces: () => this.pieces(),
      isFailure: (error: unknown) => this.isFailure(error),
      isUsed: () => this.used,
    }
    return new DecodedBody(coded, this.#request, options)
  }

  /** Queues a piece that has arrived. */
  pieceReceived(piece: Buffer): void {
    this.#receivedBytes += piece.length
    this.#held.push(piece)
    this.#wakeReader()
  }

  /**
   * Ends the body: all of it has arrived.
   *
   * @param fields Name, value, name, value, … of the trailers. The array is not copied.
   */
  completed(fields?: readonly string[]): void {
    if (this.#end.is === 'arriving')
      this.#end = fields === undefined || fields.length === 0 ? COMPLETE : { is: 'complete', fields }
    this.#settleTrailers()
    this.#wakeReader()
  }

  /** Ends the body early. The bytes received can still be read; after them reading throws `error`. */
  failed(error: Error): void {
    if (this.#end.is === 'arriving') this.#end = { is: 'failed', error }
    this.#settleTrailers()
    this.#wakeReader()
  }

  protected override isFailure(error: unknown): boolean {
    return this.#end.is === 'failed' && error === this.#end.error
  }

  protected override codings(): readonly string[] {
    return contentCodings(this.#request.requestHeaders)
  }

  protected override async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#reading) throw readTwice()
    this.#reading = true
    for (;;) {
      const piece = this.#held.takeUpTo(Infinity)
      if (piece !== undefined) yield piece
      else if (this.#end.is === 'complete') return
      else if (this.#end.is === 'failed') throw this.#end.error
      else await this.#more()
    }
  }

  #settleTrailers(): void {
    const end = this.#end
    if (this.#trailers === undefined || end.is === 'arriving') return
    if (end.is === 'failed') this.#trailers.reject(end.error)
    else this.#trailers.resolve(Headers.fromFields([...end.fields]))
  }

  async #more(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve))
    this.#source.bodyWanted()
    await woken
  }

  #wakeReader(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** The promise of the trailers. It may be ignored: that the body breaks off is not the program's fault. */
interface Trailers {
  readonly promise: Promise<Headers>
  readonly resolve: (headers: Headers) => void
  readonly reject: (error: Error) => void
}

function newTrailers(): Trailers {
  let resolve: Trailers['resolve'] = () => undefined
  let reject: Trailers['reject'] = () => undefined
  const promise = new Promise<Headers>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { promise: tolerated(promise, () => true), resolve, reject }
}

type BodyEnd =
  | { readonly is: 'arriving' }
  | { readonly is: 'complete'; readonly fields: readonly string[] }
  | { readonly is: 'failed'; readonly error: Error }

const ARRIVING: BodyEnd = { is: 'arriving' }
const COMPLETE: BodyEnd = { is: 'complete', fields: [] }
const HIGH_WATER_BYTES = 65_536
