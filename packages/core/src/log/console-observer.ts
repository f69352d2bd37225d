import type { LogLevel, LogObserver } from '../contracts/log.ts'
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
 */
export function consoleObserver(console: ConsoleLike): LogObserver {
  return (event) => console[METHOD[event.level]](eventText(event))
}

const METHOD: Readonly<Record<LogLevel, keyof ConsoleLike>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'error',
}
