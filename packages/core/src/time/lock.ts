import { type Held, Semaphore } from './semaphore.ts'
import type { Cancellable } from './wait.ts'

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
