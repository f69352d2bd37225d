import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, WITH_REACTOR } from '../options/object-rules.ts'
import { anything, callable, having, type OptionRules } from '../options/option-rules.ts'
import { tolerated } from '../safely.ts'
import { ResettableTimer } from './resettable-timer.ts'

/** Whose time is waited for, and how to give up. */
export interface SleepOptions extends Cancellable {
  readonly reactor: ReactorTime
}

/**
 * Resolves in `delayMs` milliseconds, 0 meaning the next turn; any delay is honoured, however long.
 *
 * A reactor that stops forgets its timers: the promise then stays pending, and `finally` blocks behind it do not run. Abort
 * the signal in a trigger before the shutdown where they matter.
 *
 * @throws {RangeError} (rejects) when `delayMs` is negative or not a number.
 * @throws {TypeError} at the call, without a reactor, and for another option.
 * @throws {unknown} (rejects) with the signal's reason; the timer is gone then.
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

/** What waits on a reactor's time accepts. */
export const SLEEP_RULES: OptionRules<SleepOptions> = { reactor: anything, signal: ABORT_SIGNAL }

/**
 * Calls `call(...args)` in `delayMs` milliseconds, and answers what it answers. To be able to cancel,
 * `await sleep(delayMs, { reactor, signal })` and call it then.
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

const CLOCK = having('a reactor', 'callLater')
const CANCELLABLE_RULES: OptionRules<Cancellable> = { signal: ABORT_SIGNAL }
