/**
 * Calls user code. If it throws, or returns a promise that rejects, `failed` is called with the error, and
 * the caller sees neither.
 *
 * @returns a promise that resolves when the promise of the user code has settled; undefined when it returned
 *   none.
 */
export function callSafely(call: () => unknown, failed: (error: unknown) => void): Promise<void> | undefined {
  try {
    return settleSafely(call(), failed)
  } catch (error) {
    failed(error)
    return undefined
  }
}

/** The same for a value that user code has returned already; it may be a promise or anything else. */
export function settleSafely(result: unknown, failed: (error: unknown) => void): Promise<void> | undefined {
  if (!isThenable(result)) return undefined
  return Promise.resolve(result).then(() => undefined, failed)
}

/**
 * Refuses a promise where none is awaited. Its rejection is swallowed.
 *
 * @throws {TypeError} with `message`, when `result` is a promise.
 */
export function assertNotPromise(result: unknown, message: string): void {
  if (settleSafely(result, () => undefined) !== undefined) throw new TypeError(message)
}

/** Whether a value can be awaited: a promise of the language or of a library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return mayHaveThen && 'then' in value && typeof value.then === 'function'
}

/**
 * Returns a promise with the same outcome, but a rejection that `isTolerated` accepts never becomes an
 * unhandled rejection, which would end the process. The same holds for the promises that `finally`, and
 * `then` without a second argument, derive from it. Code that awaits the promise gets every rejection.
 *
 * @param unhandled Called with a tolerated error if no code awaits the promise, a few microtasks after the
 *   rejection.
 */
export function tolerated<T>(
  work: Promise<T>,
  isTolerated: (error: unknown) => boolean,
  unhandled: (error: unknown) => void = () => undefined,
): Promise<T> {
  return Tolerated.of(work, { isTolerated, unhandled })
}

/** Which rejections are tolerated, and what is called for those that no code awaits. */
interface Tolerance {
  readonly isTolerated: (error: unknown) => boolean
  readonly unhandled: (error: unknown) => void
}

/** A promise that records whether it is awaited. */
class Tolerated<T> extends Promise<T> {
  #tolerance: Tolerance | undefined
  #awaited = false

  /** Makes `super.then` create plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  static of<T>(work: Promise<T>, tolerance: Tolerance): Promise<T> {
    const outcome = new Tolerated<T>((resolve, reject) => {
      work.then(resolve, (error: unknown) => {
        if (tolerance.isTolerated(error)) void outcome.#tolerate(tolerance, error)
        reject(error)
      })
    })
    outcome.#tolerance = tolerance
    return outcome
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise is one; this is how it knows that it is awaited
  override then<R = T, S = never>(
    fulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    rejected?: ((reason: unknown) => S | PromiseLike<S>) | null,
  ): Promise<R | S> {
    this.#awaited = true
    const next = super.then(fulfilled, rejected)
    return typeof rejected === 'function' ? next : this.#passedOn(next)
  }

  override finally(settled?: (() => void) | null): Promise<T> {
    return this.#passedOn(super.finally(settled))
  }

  #passedOn<R>(next: Promise<R>): Promise<R> {
    return this.#tolerance === undefined ? next : Tolerated.of(next, this.#tolerance)
  }

  async #tolerate({ unhandled }: Tolerance, reason: unknown): Promise<void> {
    super.then(undefined, () => undefined)
    // An `await` in the same turn as the rejection calls `then` some microtasks later.
    for (let tick = 0; tick < SUBSCRIBING_TICKS; tick++) await Promise.resolve()
    if (!this.#awaited) unhandled(reason)
  }
}

const SUBSCRIBING_TICKS = 4
