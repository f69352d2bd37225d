import { checkValue } from '../options/check-options.ts'
import { callable, count } from '../options/option-rules.ts'
import { Fifo } from './queue.ts'
import { type Cancellable, checkCancellable, unlessAborted, wait } from './sleep.ts'

/** A place of a semaphore, or a lock, that was acquired: `using held = await lock.acquire()`. */
export interface Held extends Disposable {
  /** Gives it to whoever has waited longest, or back. Does nothing the second time. */
  release(): void
}

/** Lets at most `limit` in at a time; the others wait in the order they came. */
export class Semaphore {
  /** Most who hold it at a time. */
  readonly limit: number
  #tokens: number
  readonly #waiting = new Fifo<(held: Held) => void>()

  /** @throws {TypeError | RangeError} unless `limit` is a whole number of at least 1. */
  constructor(limit: number) {
    checkValue('Semaphore', 'limit', limit, count({ least: 1 }))
    this.limit = limit
    this.#tokens = limit
  }

  /** How many more can have it at once. */
  get tokens(): number {
    return this.#tokens
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Waits for a place; it is the caller's until released. A place that is granted before the signal
   * aborts stays granted, also in the same turn.
   *
   * @throws {unknown} (rejects) with the signal's reason; nothing was acquired then.
   */
  acquire(options: Cancellable = {}): Promise<Held> {
    return unlessAborted(this.#acquire(options), options?.signal)
  }

  /**
   * Calls `call` while holding a place, and answers what it answers.
   *
   * @throws {unknown} (rejects) with the signal's reason, and `call` is not called; or with what `call` throws.
   */
  run<R>(call: () => R | PromiseLike<R>, options: Cancellable = {}): Promise<R> {
    return unlessAborted(this.#run(call, options), options?.signal)
  }

  async #run<R>(call: () => R | PromiseLike<R>, options: Cancellable): Promise<R> {
    checkValue('run', 'call', call, callable)
    const held = await this.acquire(options)
    try {
      options.signal?.throwIfAborted()
      return await call()
    } finally {
      held.release()
    }
  }

  async #acquire(options: Cancellable): Promise<Held> {
    checkCancellable('acquire', options)
    const { signal } = options
    signal?.throwIfAborted()
    if (this.#tokens > 0) {
      this.#tokens -= 1
      return this.#hold()
    }
    return wait<Held>({ signal }, (granted) => {
      const waiter = this.#waiting.push(granted)
      return () => this.#waiting.remove(waiter)
    })
  }

  #hold(): Held {
    let held = true
    const release = (): void => {
      if (held) this.#release()
      held = false
    }
    return { release, [Symbol.dispose]: release }
  }

  /** Straight to whoever is next, so that nobody who comes in between can take it. */
  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#tokens += 1
    else next.value(this.#hold())
  }
}

/** Lets one in at a time; the others wait in the order they came. */
export class Lock {
  readonly #semaphore = new Semaphore(1)

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#semaphore.tokens === 0
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#semaphore.waiting
  }

  /**
   * Waits for the lock; it is the caller's until released. Whoever holds it and acquires it again waits
   * for himself.
   *
   * @throws {unknown} (rejects) with the signal's reason; the lock was not acquired then.
   */
  acquire(options: Cancellable = {}): Promise<Held> {
    return this.#semaphore.acquire(options)
  }

  /**
   * Calls `call` while holding the lock, and answers what it answers.
   *
   * @throws {unknown} (rejects) with the signal's reason, and `call` is not called; or with what `call` throws.
   */
  run<R>(call: () => R | PromiseLike<R>, options: Cancellable = {}): Promise<R> {
    return this.#semaphore.run(call, options)
  }
}
