import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, WITH_REACTOR } from '../options/object-rules.ts'
import { anything, callable, having, type OptionRules } from '../options/option-rules.ts'
import { type Cancellable, wait } from './cancellable.ts'
import { ResettableTimer } from './timers.ts'

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

const CLOCK = having('a reactor', 'callLater')
