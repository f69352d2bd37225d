import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { WITH_REACTOR } from '../options/object-rules.ts'
import { sleep, SLEEP_RULES, type SleepOptions } from './sleep.ts'
import { TickGrid } from './tick-grid.ts'

/**
 * Yields every `intervalMs` milliseconds, for the first time one interval after the iteration begins:
 * `for await (const count of interval(1000, { reactor }))`.
 *
 * The grid is fixed: however long the loop's body takes, ticks do not drift; those it was too slow for
 * are skipped. Each value says how many intervals have passed since the one before: 1, or more when some
 * were skipped. While the body runs there is no timer, so a `break` leaves nothing behind.
 *
 * A reactor that stops forgets its timers: the loop then waits for ever, and its `finally` blocks do not run. Abort the
 * signal in a trigger before the shutdown where they matter.
 *
 * @param options The signal ends the iteration: it throws the signal's reason.
 * @throws {RangeError} (in the loop) when `intervalMs` is negative or not a number.
 */
export async function* interval(
  intervalMs: number,
  options: SleepOptions,
): AsyncGenerator<number, void, undefined> {
  checkValue('interval', 'options', options, WITH_REACTOR)
  checkOptionsOrInstance('interval', options, SLEEP_RULES)
  const grid = new TickGrid(options.reactor, intervalMs)
  for (;;) {
    await sleep(grid.untilNextMs(), options)
    yield grid.take()
  }
}
