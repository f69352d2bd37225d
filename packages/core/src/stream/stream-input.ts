import { ByteQueue } from '../bytes/byte-queue.ts'
import { LocalProtocolError } from '../errors.ts'

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

const OPEN: Stage = { is: 'open' }
