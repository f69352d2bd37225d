import { checkValue } from '../options/check-options.ts'
import { callable, count } from '../options/option-rules.ts'
import { Fifo } from './queue.ts'
import { type Cancellable, checkCancellable, toleratingAbort, wait } from './cancellable.ts'

/** An acquired token of a semaphore, or an acquired lock: `using held = await lock.acquire()`. */
export interface Held extends Disposable {
  /** Releases it; the caller that has waited longest gets it. Does nothing when called again. */
  release(): void
}

/** A counting semaphore: at most `limit` callers hold a token at a time, and the others wait in order. */
export class Semaphore {
  /** Most tokens held at a time. */
  readonly limit: number
  #tokens: number
  readonly #waiting = new Fifo<(held: Held) => void>()

  /** @throws {TypeError | RangeError} unless `limit` is a whole number of at least 1. */
  constructor(limit: number) {
    checkValue('Semaphore', 'limit', limit, count({ least: 1 }))
    this.limit = limit
    this.#tokens = limit
  }

  /** How many tokens are free. */
  get tokens(): number {
    return this.#tokens
  }

  /** How many callers wait for a token. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Waits for a token, and holds it until `release` is called. A token that is granted before the signal
   * aborts stays granted, also when both happen in the same turn.
   *
   * @throws {unknown} (rejects) with the signal's reason. No token is acquired then.
   */
  acquire(options: Cancellable = {}): Promise<Held> {
    return toleratingAbort(this.#acquire(options), options?.signal)
  }

  /**
   * Calls `call` while it holds a token, and resolves with the result.
   *
   * @throws {unknown} (rejects) with the signal's reason, without a call; or with what `call` throws.
   */
  run<R>(call: () => R | PromiseLike<R>, options: Cancellable = {}): Promise<R> {
    return toleratingAbort(this.#run(call, options), options?.signal)
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

  /** The token goes directly to the next waiting caller, so that no later caller can take it first. */
  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#tokens += 1
    else next.value(this.#hold())
  }
}

/** A mutual exclusion lock: one caller holds it at a time, and the others wait in order. */
export class Lock {
  readonly #semaphore = new Semaphore(1)

  /** Whether it is held. */
  get locked(): boolean {
    return this.#semaphore.tokens === 0
  }

  /** How many callers wait for it. */
  get waiting(): number {
    return this.#semaphore.waiting
  }

  /**
   * Waits for the lock, and holds it until `release` is called. It is not re-entrant: code that holds the
   * lock and acquires it again waits for itself.
   *
   * @throws {unknown} (rejects) with the signal's reason; the lock was not acquired then.
   */
  acquire(options: Cancellable = {}): Promise<Held> {
    return this.#semaphore.acquire(options)
  }

  /**
   * Calls `call` while it holds the lock, and resolves with the result.
   *
   * @throws {unknown} (rejects) with the signal's reason, without a call; or with what `call` throws.
   */
  run<R>(call: () => R | PromiseLike<R>, options: Cancellable = {}): Promise<R> {
    return this.#semaphore.run(call, options)
  }
}
