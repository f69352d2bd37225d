import { checkOptionsOrInstance } from '../options/check-options.ts'
import { ABORT_SIGNAL } from '../options/object-rules.ts'
import type { OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'

/** How a wait can be given up. */
export interface Cancellable {
  /** Ends the wait when it aborts: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks how a wait can be given up.
 *
 * @throws {TypeError} for what is no signal, and for another option.
 */
export function checkCancellable(owner: string, options: Cancellable): void {
  checkOptionsOrInstance(owner, options, CANCELLABLE_RULES)
}

/**
 * Waits until `done` is called or the signal aborts, whichever comes first; nothing of the other is left.
 *
 * @param begin Called at once, unless the signal has aborted before; `done` is for later. What it answers is called if
 *   the wait is given up.
 * @throws {unknown} (rejects) with the signal's reason, which is never an unhandled rejection; or what `begin` throws.
 */
export function wait<T>(
  { signal }: Cancellable,
  begin: (done: (value: T) => void) => () => void,
): Promise<T> {
  const work = new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted()
    const giveUp = begin((value) => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    })
    const abort = (): void => {
      giveUp()
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
  return unlessAborted(work, signal)
}

/** The same promise, but the reason of `signal` never becomes an unhandled rejection: the caller has given it up. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return tolerated(work, (error) => signal.aborted && error === signal.reason)
}

const CANCELLABLE_RULES: OptionRules<Cancellable> = { signal: ABORT_SIGNAL }
