import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, WITH_REACTOR } from '../options/object-rules.ts'
import { anything, type OptionRules } from '../options/option-rules.ts'
import { ResettableTimer } from '../transport/alarm.ts'
import { type Cancellable, wait } from './wait.ts'

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
