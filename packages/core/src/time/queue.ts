import { QueueClosed, QueueOverflow, QueueUnderflow } from '../errors.ts'
import { checkOptions } from '../options/check-options.ts'
import { count, type OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'
import { type Cancellable, checkCancellable, wait } from './sleep.ts'

/** How much a queue holds. */
export interface QueueOptions {
  /** Most values that wait to be taken; beyond it `put` throws. Default: any number. */
  readonly size?: number | undefined
  /** Most takers that wait for a value; beyond it `get` rejects. Default: any number. */
  readonly backlog?: number | undefined
}

/**
 * Values on their way from who puts them in to who takes them out: each goes to one taker, in the order
 * it came.
 *
 * `for await (const value of queue)` takes until the queue is closed and empty; several loops share the
 * values.
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly #size: number
  readonly #backlog: number
  readonly #values = new Fifo<T>()
  readonly #takers = new Fifo<(taken: Taken<T>) => void>()
  #closed = false

  /** @throws {TypeError | RangeError} for an option that does not exist, or a bound that is not a whole number of 0 or more. */
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

  /** How many takers wait for a value. */
  get waiting(): number {
    return this.#takers.length
  }

  /**
   * Gives a value to the taker who has waited longest, or keeps it for the next one.
   *
   * @throws {QueueOverflow} when nobody waits and `size` values do.
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
   * Takes the value that came first, and waits for one if need be.
   *
   * @throws {QueueUnderflow} (rejects) when `backlog` takers wait already.
   * @throws {QueueClosed} (rejects) once it is closed and empty. That is never an unhandled rejection.
   * @throws {unknown} (rejects) with the signal's reason; nothing was taken then.
   */
  get(options: Cancellable = {}): Promise<T> {
    const signal = options?.signal
    const isTolerated = (error: unknown): boolean =>
      error instanceof QueueClosed || (signal?.aborted === true && error === signal.reason)
    return tolerated(this.#get(options), isTolerated)
  }

  /** Takes no more values in; those that are in can still be taken. Whoever waits is told. */
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

/** What a taker gets: a value, or word that there are no more. */
type Taken<T> = IteratorResult<T, undefined>

/** Values in the order they came. Adding, taking and removing cost the same however many there are. */
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

  /** Takes the value that came first. */
  shift(): Entry<T> | undefined {
    const entry = this.#first
    if (entry !== undefined) this.remove(entry)
    return entry
  }

  /** Takes a value out of the middle; it must still be there. */
  remove({ before, after }: Entry<T>): void {
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    this.#length -= 1
  }
}

/** A value and its place among the others. */
export interface Entry<T> {
  readonly value: T
  before: Entry<T> | undefined
  after: Entry<T> | undefined
}

const END = { done: true, value: undefined } as const

const RULES: OptionRules<QueueOptions> = { size: count({ endless: true }), backlog: count({ endless: true }) }
