import { checkOptionsOrInstance } from '../options/check-options.ts'
import { ABORT_SIGNAL } from '../options/object-rules.ts'
import type { OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'

/** Options of a wait that can be cancelled. */
export interface Cancellable {
  /** Cancels the wait: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks the options of a wait that can be cancelled.
 *
 * @throws {TypeError} when `signal` is not an AbortSignal, or an option is unknown.
 */
export function checkCancellable(owner: string, options: Cancellable): void {
  checkOptionsOrInstance(owner, options, CANCELLABLE_RULES)
}

/**
 * Waits until `done` is called or the signal aborts. Removes its listener from the signal.
 *
 * @param begin Called at once, unless the signal has aborted already. It must not call `done` synchronously.
 *   It returns a function that is called if the signal aborts.
 * @throws {unknown} (rejects) with the signal's reason, which is swallowed if the promise is not awaited; or
 *   with what `begin` throws.
 */
export function wait<T>(
  { signal }: Cancellable,
  begin: (done: (value: T) => void) => () => void,
): Promise<T> {
  const work = new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted()
    const giveUp = begin((value) => {
      forget()
      resolve(value)
    })
    const forget = onAbort(signal, () => {
      giveUp()
      reject(signal?.reason as Error)
    })
  })
  return toleratingAbort(work, signal)
}

/**
 * Returns a promise with the same outcome, but a rejection with the reason of `signal` is swallowed if the
 * promise is not awaited, because the caller has cancelled the work.
 */
export function toleratingAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return tolerated(work, (error) => signal.aborted && error === signal.reason)
}

/** Settles as `promise` does, or rejects with the reason of `signal` when that aborts first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason as Error))
    void promise.then(resolve, reject).finally(forget)
  })
}

/** Resolves with the signal's reason once it is aborted. */
export function whenAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    onAbort(signal, () => resolve(signal.reason))
  })
}

/**
 * Calls `aborted` once when the signal aborts: at once if it has aborted already, never without a signal.
 *
 * @returns a function that removes the listener.
 */
export function onAbort(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal === undefined) return nothing
  if (signal.aborted) {
    aborted()
    return nothing
  }
  signal.addEventListener('abort', aborted, { once: true })
  return () => signal.removeEventListener('abort', aborted)
}

function nothing(): void {}

const CANCELLABLE_RULES: OptionRules<Cancellable> = { signal: ABORT_SIGNAL }
