import { QueueClosed, QueueOverflow, QueueUnderflow } from '../errors.ts'
import { checkOptions } from '../options/check-options.ts'
import { count, type OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'
import { type Cancellable, checkCancellable, wait } from './cancellable.ts'

/** The limits of a queue. */
export interface QueueOptions {
  /** Most values that wait to be taken. Beyond it, `put` throws. Default: any number. */
  readonly size?: number | undefined
  /** Most pending calls of `get`. Beyond it, `get` rejects. Default: any number. */
  readonly backlog?: number | undefined
}

/**
 * A queue of values between producers and consumers, first in, first out. Each value goes to one consumer.
 *
 * `for await (const value of queue)` takes values until the queue is closed and empty. Several loops share
 * the values.
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly #size: number
  readonly #backlog: number
  readonly #values = new Fifo<T>()
  readonly #takers = new Fifo<(taken: Taken<T>) => void>()
  #closed = false

  /**
   * @throws {TypeError | RangeError} when an option is unknown, or a limit is not a whole number of 0 or
   *   more.
   */
  constructor(options: QueueOptions = {}) {
    checkOptions('Queue', options, RULES)
    const { size = Infinity, backlog = Infinity } = options
    this.#size = size
    this.#backlog = backlog
  }

  /** How many values wait to be taken. */
  get pending(): number {
    return this.#values.length
  }

  /** How many calls of `get` wait for a value. */
  get waiting(): number {
    return this.#takers.length
  }

  /**
   * Adds a value. It goes to the oldest pending `get`, if there is one.
   *
   * @throws {QueueOverflow} when no `get` is pending and the queue holds `size` values.
   * @throws {QueueClosed} once it is closed.
   */
  put(value: T): void {
    if (this.#closed) throw new QueueClosed('Cannot put into a queue that is closed')
    const taker = this.#takers.shift()
    if (taker !== undefined) return taker.value({ done: false, value })
    if (this.#values.length >= this.#size) throw new QueueOverflow(this.#size)
    this.#values.push(value)
  }

  /**
   * Takes the oldest value, and waits for one if the queue is empty.
   *
   * @throws {QueueUnderflow} (rejects) when `backlog` calls of `get` are pending already.
   * @throws {QueueClosed} (rejects) once it is closed and empty. If the promise is not awaited, this is
   *   swallowed.
   * @throws {unknown} (rejects) with the signal's reason. Nothing is taken then.
   */
  get(options: Cancellable = {}): Promise<T> {
    const signal = options?.signal
    const isTolerated = (error: unknown): boolean =>
      error instanceof QueueClosed || (signal?.aborted === true && error === signal.reason)
    return tolerated(this.#get(options), isTolerated)
  }

  /**
   * Accepts no more values; those in the queue can still be taken. Every pending `get` rejects with
   * QueueClosed.
   */
  close(): void {
    this.#closed = true
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) taker.value(END)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const taken = await this.#take({})
      if (taken.done === true) return
      yield taken.value
    }
  }

  async #get(options: Cancellable): Promise<T> {
    checkCancellable('Queue.get', options)
    const taken = await this.#take(options)
    if (taken.done === true) throw new QueueClosed('Cannot get from a queue that is closed and empty')
    return taken.value
  }

  async #take({ signal }: Cancellable): Promise<Taken<T>> {
    signal?.throwIfAborted()
    const first = this.#values.shift()
    if (first !== undefined) return { done: false, value: first.value }
    if (this.#closed) return END
    if (this.#takers.length >= this.#backlog) throw new QueueUnderflow(this.#backlog)
    return wait<Taken<T>>({ signal }, (done) => {
      const taker = this.#takers.push(done)
      return () => this.#takers.remove(taker)
    })
  }
}

/** A value, or the end of the queue. */
type Taken<T> = IteratorResult<T, undefined>

/** A queue of values, first in, first out. Adding, taking and removing a value take constant time. */
export class Fifo<T> {
  #first: Entry<T> | undefined
  #last: Entry<T> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Adds a value at the end. */
  push(value: T): Entry<T> {
    const entry: Entry<T> = { value, before: this.#last, after: undefined }
    if (this.#last === undefined) this.#first = entry
    else this.#last.after = entry
    this.#last = entry
    this.#length += 1
    return entry
  }

  /** Removes and returns the oldest entry; undefined when the queue is empty. */
  shift(): Entry<T> | undefined {
    const entry = this.#first
    if (entry !== undefined) this.remove(entry)
    return entry
  }

  /** Removes an entry from any place. The entry must still be in the queue. */
  remove({ before, after }: Entry<T>): void {
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    this.#length -= 1
  }
}

/** A value with links to its neighbours. */
export interface Entry<T> {
  readonly value: T
  before: Entry<T> | undefined
  after: Entry<T> | undefined
}

const END = { done: true, value: undefined } as const

const RULES: OptionRules<QueueOptions> = { size: count({ endless: true }), backlog: count({ endless: true }) }
