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
