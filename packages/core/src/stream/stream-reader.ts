import { ByteQueue } from '../bytes/byte-queue.ts'
import { IncompleteReadError, LocalProtocolError } from '../errors.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL } from '../options/object-rules.ts'
import { byteCount, type OptionRules } from '../options/option-rules.ts'
import { checkCancellable, onAbort } from '../time/cancellable.ts'

/** Options of a read up to a delimiter. */
export interface ReadUntilOptions extends ReadOptions {
  /** Most bytes before the delimiter. Beyond it, the read rejects with a LineTooLongError. Default 64 KiB. */
  readonly maxBytes?: number | undefined
}

/**
 * Reads the input of a connection: in chunks as they arrive, in lines, or in pieces of a known length. The
 * kinds of read can be mixed.
 *
 * - Only one read at a time: a second one rejects with a LocalProtocolError while the first is pending.
 * - A read that rejects because of its signal or a limit takes no bytes: the next read finds them all.
 * - After the peer's FIN, reads return the remaining bytes, then undefined.
 * - When the connection broke, reads return the remaining bytes, then reject with the ConnectionLost.
 */
export class StreamReader implements AsyncIterable<Buffer> {
  readonly #input: StreamInput

  constructor(input: StreamInput) {
    this.#input = input
  }

  /**
   * Reads the rest of the input in chunks as they arrive. After an early exit of the loop, other reads can
   * continue.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let data = await this.read(); data !== undefined; data = await this.read()) yield data
  }

  /**
   * Reads the bytes received so far, at least one. Chunk boundaries have no meaning.
   *
   * @returns undefined at the end.
   */
  async read(options: ReadOptions = {}): Promise<Buffer | undefined> {
    checkCancellable('read', options)
    return this.#input.read({ take: (queue) => queue.takeUpTo(Infinity), atEnd: () => undefined }, options)
  }

  /**
   * Reads `count` bytes. `maxBufferedBytes` does not limit it: the caller must check a count that the peer
   * sent.
   *
   * @throws {IncompleteReadError} (rejects) when the input ends before; it carries the bytes that were left.
   * @throws {RangeError} (rejects) unless `count` is a whole number of 0 or more.
   */
  async readExactly(count: number, options: ReadOptions = {}): Promise<Buffer> {
    checkValue('readExactly', 'count', count, COUNT)
    checkCancellable('readExactly', options)
    const atEnd = (queue: ByteQueue): never => {
      throw new IncompleteReadError(queue.takeAll(), count)
    }
    return this.#input.read({ take: (queue) => queue.takeExactly(count), atEnd }, options)
  }

  /**
   * Reads up to `delimiter`. The delimiter is taken too, but not returned.
   *
   * @returns undefined at the end, when no bytes are left.
   * @throws {LineTooLongError} (rejects) when there is no delimiter within `maxBytes`. Nothing is taken.
   * @throws {IncompleteReadError} (rejects) when the input ends without it; it carries the bytes that were
   *   left.
   * @throws {RangeError} (rejects) when the delimiter is empty.
   */
  async readUntil(
    delimiter: Uint8Array | string,
    options: ReadUntilOptions = {},
  ): Promise<Buffer | undefined> {
    checkOptionsOrInstance('readUntil', options, READ_UNTIL_RULES)
    const { maxBytes = DEFAULT_MAX_BYTES, signal } = options
    if (delimiter.length === 0) throw new RangeError('Cannot read up to an empty delimiter')
    // Converted once: the queue continues its last search only if it gets the same delimiter object.
    const wanted = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter
    const take = (queue: ByteQueue): Buffer | undefined => queue.takeLine(maxBytes, wanted)
    return this.#input.read<Buffer | undefined>({ take, atEnd: nothingLeft }, { signal })
  }

  /**
   * Reads a line of UTF-8, without its LF or CR LF.
   *
   * @returns undefined at the end, when no bytes are left.
   * @throws {LineTooLongError} (rejects) when there is no LF within `maxBytes`. Nothing is taken.
   * @throws {IncompleteReadError} (rejects) when the input ends within a line; it carries the bytes that were
   *   left.
   */
  async readLine(options: ReadUntilOptions = {}): Promise<string | undefined> {
    const line = await this.readUntil(LF, options)
    return line?.toString('utf8', 0, line.at(-1) === CR ? line.length - 1 : line.length)
  }

  /** Takes all bytes received but not read, for example to pass them to `switchProtocol`. */
  takeUnread(): Buffer {
    return this.#input.takeAll()
  }
}

function nothingLeft(queue: ByteQueue): undefined {
  if (queue.length > 0) throw new IncompleteReadError(queue.takeAll())
}

/** Options of a read. */
export interface ReadOptions {
  /** Cancels the read: it rejects with the signal's reason and takes no bytes. */
  readonly signal?: AbortSignal | undefined
}

/** One kind of read. */
export interface ReadStep<T> {
  /**
   * Takes the bytes of the read; returns undefined and takes nothing while they have not all been received.
   */
  readonly take: (queue: ByteQueue) => T | undefined
  /** Called when the input ends first. Returns the result of the read, or throws. */
  readonly atEnd: (queue: ByteQueue) => T
}

/** The limits of an input. */
export interface InputBounds {
  /** From this many unread bytes on, the next delivery waits until there are fewer or a read needs more. */
  readonly maxBufferedBytes: number
}

/**
 * The unread bytes between a protocol, which pushes them, and a reader, which takes them.
 *
 *     open ──end──▶ ended      reads return the remaining bytes, then the end
 *       └──fail──▶ failed      reads return the remaining bytes, then reject
 */
export class StreamInput {
  readonly #bounds: InputBounds
  readonly #queue = new ByteQueue()
  #stage: Stage = OPEN
  #reading = false
  /** Continues the pending read. */
  #wake: (() => void) | undefined
  /** Resolves the promise that the next delivery waits for. */
  #resumeDelivery: (() => void) | undefined

  constructor(bounds: InputBounds) {
    this.#bounds = bounds
  }

  /**
   * Adds bytes, or drops them after the end. The promise, if there is one, resolves when more may be pushed.
   */
  push(data: Buffer): Promise<void> | undefined {
    if (this.#stage.is !== 'open') return undefined
    this.#queue.push(data)
    this.#wake?.()
    if (this.#hasCapacity) return undefined
    return new Promise((resolve) => {
      this.#resumeDelivery = resolve
    })
  }

  /** Ends the input. */
  end(): void {
    this.#finish({ is: 'ended' })
  }

  /** Ends the input with a failure: reads reject with `reason` when no bytes are left. */
  fail(reason: Error): void {
    this.#finish({ is: 'failed', reason })
  }

  /** Takes all unread bytes. */
  takeAll(): Buffer {
    const unread = this.#queue.takeAll()
    this.#resumeIfCapacity()
    return unread
  }

  /**
   * Performs one read, and waits for the bytes that it needs.
   *
   * @throws {LocalProtocolError} (rejects) while another read is pending.
   * @throws {unknown} (rejects) with the signal's reason, the reason of `fail`, or the error of the step.
   */
  async read<T>(step: ReadStep<T>, { signal }: ReadOptions): Promise<T> {
    if (this.#reading) throw new LocalProtocolError('Cannot read while another read is pending')
    signal?.throwIfAborted()
    this.#reading = true
    try {
      for (;;) {
        const taken = step.take(this.#queue)
        if (taken !== undefined) return taken
        if (this.#stage.is === 'ended') return step.atEnd(this.#queue)
        if (this.#stage.is === 'failed') throw this.#stage.reason
        await this.#more(signal)
      }
    } finally {
      this.#reading = false
      this.#resumeIfCapacity()
    }
  }

  /**
   * A pending read may need more bytes than `maxBufferedBytes`: then only the bound of its caller applies.
   */
  get #hasCapacity(): boolean {
    return this.#reading || this.#queue.length < this.#bounds.maxBufferedBytes
  }

  #resumeIfCapacity(): void {
    if (!this.#hasCapacity) return
    this.#resumeDelivery?.()
    this.#resumeDelivery = undefined
  }

  #more(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    this.#resumeIfCapacity()
    return new Promise((resolve, reject) => {
      const forget = onAbort(signal, () => reject(signal?.reason as Error))
      this.#wake = () => {
        forget()
        resolve()
      }
    })
  }

  #finish(stage: Stage): void {
    if (this.#stage.is !== 'open') return
    this.#stage = stage
    this.#wake?.()
    // The delivery that waits is resumed, so that events after it, such as the end of input, can follow.
    this.#resumeDelivery?.()
  }
}

/** The state of the input. */
type Stage =
  | { readonly is: 'open' }
  | { readonly is: 'ended' }
  | { readonly is: 'failed'; readonly reason: Error }

const CR = 0x0d
const LF: Uint8Array = Uint8Array.of(0x0a)
const COUNT = byteCount({ most: Number.MAX_SAFE_INTEGER })
const READ_UNTIL_RULES: OptionRules<ReadUntilOptions> = {
  maxBytes: byteCount({ endless: true }),
  signal: ABORT_SIGNAL,
}
const DEFAULT_MAX_BYTES = 65_536
const OPEN: Stage = { is: 'open' }
