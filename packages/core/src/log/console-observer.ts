import { checkValue } from '../options/check-options.ts'
import { having } from '../options/option-rules.ts'
import type { LogLevel, LogObserver } from '../interfaces/log.ts'
import { eventText } from './event-text.ts'

/** What takes lines of text by level: `console`, and many loggers. */
export interface ConsoleLike {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/**
 * Gives each event to the method of its level, `critical` to `error`, as one string: the error's stack is
 * in it, because a console would read a `%` before further arguments as a format.
 *
 * @throws {TypeError} when `console` lacks one of these methods.
 */
export function consoleObserver(console: ConsoleLike): LogObserver {
  checkValue('consoleObserver', 'console', console, having('a console', 'debug', 'info', 'warn', 'error'))
  return (event) => console[CONSOLE_METHOD[event.level]](eventText(event))
}

const CONSOLE_METHOD: Readonly<Record<LogLevel, keyof ConsoleLike>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'error',
}
