import type { RunOptions, StopOptions } from '../interfaces/reactor.ts'
import { checkOptions, type FilledOptions, withDefaults } from '../options/check-options.ts'
import { anything, flag, milliseconds, type OptionRules } from '../options/option-rules.ts'

/** Every option of a stop. */
export type StopSettings = FilledOptions<StopOptions>

/** How a reactor stops unless `run` or `stop` is given something else. */
export const DEFAULT_STOP_OPTIONS: StopSettings = {
  delayMs: 0,
  triggerMs: 30_000,
  drainOverMs: 0,
  drainMs: 10_000,
}

/** @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range. */
export function checkRunOptions(options: RunOptions): void {
  checkOptions('run', options, RUN_RULES)
  checkOptions('run, option stop', options.stop, STOP_RULES)
}

/**
 * The options of one stop: its own, then those that `run` was given, then the defaults.
 *
 * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range.
 */
export function stopSettings(own: StopOptions, ofRun: StopOptions | undefined): StopSettings {
  const defaults = withDefaults('run, option stop', DEFAULT_STOP_OPTIONS, ofRun, STOP_RULES)
  return withDefaults('stop', defaults, own, STOP_RULES)
}

const STOP_RULES: OptionRules<StopSettings> = {
  delayMs: milliseconds(),
  triggerMs: milliseconds(),
  drainOverMs: milliseconds(),
  drainMs: milliseconds(),
}
const RUN_RULES: OptionRules<RunOptions> = { installSignalHandlers: flag, stop: anything }
