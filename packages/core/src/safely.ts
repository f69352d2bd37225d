/**
 * Calls user code. What it throws, or what the promise it answered rejects with, goes to `failed` and
 * no further.
 *
 * @returns what resolves once that promise has settled either way; undefined when there was none.
 */
export function callSafely(call: () => unknown, failed: (error: unknown) => void): Promise<void> | undefined {
  try {
    return settleSafely(call(), failed)
  } catch (error) {
    failed(error)
    return undefined
  }
}

/** The same for what user code has answered already: may be a promise, may be anything. */
export function settleSafely(result: unknown, failed: (error: unknown) => void): Promise<void> | undefined {
  if (!isThenable(result)) return undefined
  return Promise.resolve(result).then(() => undefined, failed)
}

/**
 * Refuses a promise where none is awaited, whatever becomes of it.
 *
 * @throws {TypeError} with `message`.
 */
export function assertNotPromise(result: unknown, message: string): void {
  if (settleSafely(result, () => undefined) !== undefined) throw new TypeError(message)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * The same promise, but a rejection that `isTolerated` accepts never becomes an unhandled rejection, which ends the
 * process: neither of the promise itself nor of what `finally`, or `then` without a second argument, makes of it. Code that
 * awaits the promise gets every rejection.
 *
 * @param unhandled Called with a tolerated error on which no code waits, a few microtasks after the rejection.
 */
export function tolerated<T>(
  work: Promise<T>,
  isTolerated: (error: unknown) => boolean,
  unhandled: (error: unknown) => void = () => undefined,
): Promise<T> {
  return Tolerated.of(work, { isTolerated, unhandled })
}

/** Which rejections are tolerated, and what becomes of them. */
interface Tolerance {
  readonly isTolerated: (error: unknown) => boolean
  readonly unhandled: (error: unknown) => void
}

/** Knows whether code waits for it, which a plain promise does not show. */
class Tolerated<T> extends Promise<T> {
  #tolerance: Tolerance | undefined
  #awaited = false

  /** What `then` creates internally is a plain promise. */
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
    // An `await` in the turn of the rejection subscribes some microtasks later.
    for (let tick = 0; tick < SUBSCRIBING_TICKS; tick++) await Promise.resolve()
    if (!this.#awaited) unhandled(reason)
  }
}

const SUBSCRIBING_TICKS = 4
