import type { ReactorTime } from '../contracts/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { WITH_REACTOR } from '../options/object-rules.ts'
import { Alarm } from '../transport/alarm.ts'
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
 * @throws {unknown} (rejects) with the signal's reason; the timer is gone then.
 */
export function sleep(delayMs: number, options: SleepOptions): Promise<void> {
  checkValue('sleep', 'options', options, WITH_REACTOR)
  const { reactor, signal } = options
  return wait<void>({ signal }, (done) => {
    const alarm = new Alarm(reactor, () => done())
    alarm.set(delayMs)
    return () => alarm.clear()
  })
}
