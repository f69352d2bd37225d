import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, WITH_REACTOR } from '../options/object-rules.ts'
import { anything, callable, having, type OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'
import { ResettableTimer } from './resettable-timer.ts'

/** Options of `sleep`: the reactor provides the clock. */
export interface SleepOptions extends Cancellable {
  readonly reactor: ReactorTime
}

/**
 * Resolves in `delayMs` milliseconds; 0 means the next turn. The delay may be of any length.
 *
 * A reactor that stops cancels its timers: the promise then stays pending, and `finally` blocks after it do
 * not run. If they matter, abort the signal in a trigger before the shutdown.
 *
 * @throws {RangeError} (rejects) when `delayMs` is negative or not a number.
 * @throws {TypeError} at the call, without a reactor, or when an option is unknown.
 * @throws {unknown} (rejects) with the signal's reason. The timer is cancelled then.
 */
export function sleep(delayMs: number, options: SleepOptions): Promise<void> {
  checkValue('sleep', 'options', options, WITH_REACTOR)
  checkOptionsOrInstance('sleep', options, SLEEP_RULES)
  const { reactor, signal } = options
  return wait<void>({ signal }, (done) => {
    const timer = new ResettableTimer(reactor, () => done())
    timer.set(delayMs)
    return () => timer.clear()
  })
}

/** The rules for the options of `sleep` and `interval`. */
export const SLEEP_RULES: OptionRules<SleepOptions> = { reactor: anything, signal: ABORT_SIGNAL }

/**
 * Calls `call(...args)` in `delayMs` milliseconds, and resolves with its result. If the call must be
 * cancellable, use `await sleep(delayMs, { reactor, signal })` and make the call afterwards.
 *
 * @throws {TypeError} (rejects) without a reactor or a function.
 * @throws {RangeError} (rejects) when `delayMs` is negative or not a number.
 * @throws {unknown} (rejects) with what `call` throws or rejects with.
 */
export function deferLater<A extends unknown[], R>(
  reactor: ReactorTime,
  delayMs: number,
  call: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  return new Promise((resolve, reject) => {
    checkValue('deferLater', 'reactor', reactor, CLOCK)
    checkValue('deferLater', 'call', call, callable)
    reactor.callLater(delayMs, () => {
      try {
        resolve(call(...args))
      } catch (error) {
        reject(error)
      }
    })
  })
}

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

/**
 * Returns a promise with the same outcome, but a rejection with the reason of `signal` is swallowed if the
 * promise is not awaited, because the caller has cancelled the work.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return tolerated(work, (error) => signal.aborted && error === signal.reason)
}

const CLOCK = having('a reactor', 'callLater')
const CANCELLABLE_RULES: OptionRules<Cancellable> = { signal: ABORT_SIGNAL }
