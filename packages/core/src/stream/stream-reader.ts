import { ByteQueue } from '../bytes/byte-queue.ts'
import { IncompleteReadError, LocalProtocolError } from '../errors.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL } from '../options/object-rules.ts'
import { bytes, type OptionRules } from '../options/option-rules.ts'

/** How much a read up to a delimiter may take. */
export interface ReadUntilOptions extends ReadOptions {
  /** Most bytes before the delimiter. Beyond it the read rejects with a LineTooLongError. Default 64 KiB. */
  readonly maxBytes?: number | undefined
}

/**
 * What a connection brings, for whoever asks: read it in pieces as they come, in lines, in units of a
 * known length, one kind after the other.
 *
 * - One read at a time: another one while it waits rejects with a LocalProtocolError.
 * - A read that rejects because of its signal, or of a bound, has taken nothing: the next one finds all bytes.
 * - When the peer has ended its side, reads answer what is left, then undefined.
 * - When the connection broke, reads answer what is left, then reject with the ConnectionLost.
 */
export class StreamReader implements AsyncIterable<Buffer> {
  readonly #input: StreamInput

  constructor(input: StreamInput) {
    this.#input = input
  }

  /** Reads all that is left, in pieces as they come. A loop that is left early leaves the rest to other reads. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let data = await this.read(); data !== undefined; data = await this.read()) yield data
  }

  /**
   * Reads what is there, at least one byte of it. Where the pieces were cut means nothing.
   *
   * @returns undefined at the end.
   */
  async read(options: ReadOptions = {}): Promise<Buffer | undefined> {
    checkOptionsOrInstance('read', options, READ_RULES)
    return this.#input.read({ take: (queue) => queue.takeUpTo(Infinity), atEnd: () => undefined }, options)
  }

  /**
   * Reads `count` bytes, however many that are: check a number that the peer gave first.
   *
   * @throws {IncompleteReadError} (rejects) when the input ends before; it carries what was left.
   * @throws {RangeError} (rejects) unless `count` is a whole number from 0.
   */
  async readExactly(count: number, options: ReadOptions = {}): Promise<Buffer> {
    checkValue('readExactly', 'count', count, COUNT)
    checkOptionsOrInstance('readExactly', options, READ_RULES)
    const atEnd = (queue: ByteQueue): never => {
      throw new IncompleteReadError(queue.takeAll(), count)
    }
    return this.#input.read({ take: (queue) => queue.takeExactly(count), atEnd }, options)
  }

  /**
   * Reads up to `delimiter`, and takes that too, but does not answer it.
   *
   * @returns undefined at the end, when nothing is left.
   * @throws {LineTooLongError} (rejects) once more than `maxBytes` hold no delimiter. Nothing is taken.
   * @throws {IncompleteReadError} (rejects) when the input ends in the middle; it carries what was left.
   * @throws {RangeError} (rejects) when the delimiter is empty.
   */
  async readUntil(
    delimiter: Uint8Array | string,
    options: ReadUntilOptions = {},
  ): Promise<Buffer | undefined> {
    checkOptionsOrInstance('readUntil', options, READ_UNTIL_RULES)
    const { maxBytes = DEFAULT_MAX_BYTES, signal } = options
    if (delimiter.length === 0) throw new RangeError('Cannot read up to a delimiter that is empty')
    // Made once: the queue goes on with its search for as long as it is asked for the same one.
    const wanted = typeof delimiter === 'string' ? Buffer.from(delimiter) : delimiter
    const take = (queue: ByteQueue): Buffer | undefined => queue.takeLine(maxBytes, wanted)
    return this.#input.read<Buffer | undefined>({ take, atEnd: nothingLeft }, { signal })
  }

  /**
   * Reads a line of UTF-8, without its end: LF, or CR LF.
   *
   * @returns undefined at the end, when nothing is left.
   * @throws {LineTooLongError} (rejects) once more than `maxBytes` hold no LF. Nothing is taken.
   * @throws {IncompleteReadError} (rejects) when the input ends within a line; it carries what was left.
   */
  async readLine(options: ReadUntilOptions = {}): Promise<string | undefined> {
    const line = await this.readUntil(LF, options)
    return line?.toString('utf8', 0, line.at(-1) === CR ? line.length - 1 : line.length)
  }

  /** Takes all that has come and was not read, such as for the next protocol of `switchProtocol`. */
  takeUnread(): Buffer {
    return this.#input.takeAll()
  }
}

function nothingLeft(queue: ByteQueue): undefined {
  if (queue.length > 0) throw new IncompleteReadError(queue.takeAll())
}

/** How a read can be given up. */
export interface ReadOptions {
  /** Ends the wait when it aborts: the read rejects with its reason, and has taken nothing. */
  readonly signal?: AbortSignal | undefined
}

/** One kind of read. */
export interface ReadStep<T> {
  /** Takes what is asked for; answers undefined, and takes nothing, while it has not all come. */
  readonly take: (queue: ByteQueue) => T | undefined
  /** The input has ended first: the last answer, or a throw. */
  readonly atEnd: (queue: ByteQueue) => T
}

/** What an input keeps to. */
export interface InputBounds {
  /** From this many unread bytes on, the next delivery waits until there are fewer, or a read needs more. */
  readonly maxBufferedBytes: number
}

/**
 * What has come in and was not read yet, between a protocol, which is given bytes, and a reader, which
 * asks for them.
 *
 *     open ──end──▶ ended      reads get what is left, then the end
 *       └──fail──▶ failed      reads get what is left, then reject
 */
export class StreamInput {
  readonly #bounds: InputBounds
  readonly #queue = new ByteQueue()
  #stage: Stage = OPEN
  #reading = false
  /** Goes on with the read that waits. */
  #wake: (() => void) | undefined
  /** Lets the next delivery come. */
  #admit: (() => void) | undefined

  constructor(bounds: InputBounds) {
    this.#bounds = bounds
  }

  /** Takes bytes in; once it has ended, drops them. The promise settles when more may come. */
  push(data: Buffer): Promise<void> | undefined {
    if (this.#stage.is !== 'open') return undefined
    this.#queue.push(data)
    this.#wake?.()
    if (this.#hasRoom) return undefined
    return new Promise((resolve) => {
      this.#admit = resolve
    })
  }

  /** Nothing more comes. */
  end(): void {
    this.#finish({ is: 'ended' })
  }

  /** Nothing more comes, for a reason that reads reject with. */
  fail(reason: Error): void {
    this.#finish({ is: 'failed', reason })
  }

  /** Takes all that was not read. */
  takeAll(): Buffer {
    const unread = this.#queue.takeAll()
    this.#admitMore()
    return unread
  }

  /**
   * Takes one step, and waits for what it needs.
   *
   * @throws {LocalProtocolError} (rejects) while another read waits.
   * @throws {unknown} (rejects) with the signal's reason, with that of `fail`, or with what the step throws.
   */
  async read<T>(step: ReadStep<T>, { signal }: ReadOptions): Promise<T> {
    if (this.#reading) throw new LocalProtocolError('Cannot read while another read waits')
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
      this.#admitMore()
    }
  }

  /** A read that waits may need more than the bound: then it is its caller's bound that counts. */
  get #hasRoom(): boolean {
    return this.#reading || this.#queue.length < this.#bounds.maxBufferedBytes
  }

  #admitMore(): void {
    if (!this.#hasRoom) return
    this.#admit?.()
    this.#admit = undefined
  }

  #more(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    this.#admitMore()
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason as Error)
      this.#wake = () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  #finish(stage: Stage): void {
    if (this.#stage.is !== 'open') return
    this.#stage = stage
    this.#wake?.()
    // What waits is dropped, so that whatever is behind it, such as the peer's end, can come.
    this.#admit?.()
  }
}

/** How far the input has come. */
type Stage =
  | { readonly is: 'open' }
  | { readonly is: 'ended' }
  | { readonly is: 'failed'; readonly reason: Error }

const CR = 0x0d
const LF: Uint8Array = Uint8Array.of(0x0a)
const COUNT = bytes({ most: Number.MAX_SAFE_INTEGER })
const READ_RULES: OptionRules<ReadOptions> = { signal: ABORT_SIGNAL }
const READ_UNTIL_RULES: OptionRules<ReadUntilOptions> = {
  maxBytes: bytes({ endless: true }),
  ...READ_RULES,
}
const DEFAULT_MAX_BYTES = 65_536
const OPEN: Stage = { is: 'open' }
