import type { LogEvent, LogLevel, LogObserver } from '../interfaces/log.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { anything, callable, having, type OptionRules } from '../options/option-rules.ts'
import { eventRecord, eventText, eventTime, formatEvent, plainValue } from './format.ts'

/**
 * Writes a line for each event: time, level, namespace, subject, text. The stack of an error and those of its
 * causes follow, indented.
 *
 * @throws {TypeError} when `write` is not a function.
 */
export function textObserver(write: (text: string) => void): LogObserver {
  checkValue('textObserver', 'write', write, callable)
  return (event) => {
    const words = [eventTime(event), event.level, eventText(event)]
    write(`${words.filter((word) => word !== undefined).join(' ')}\n`)
  }
}

/** Takes text by level, as `console` and many loggers do. */
export interface ConsoleLike {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/**
 * Passes each event as one string to the method of its level, `critical` to `error`. The string contains the
 * error's stack, because with further arguments a console would read a `%` as a format.
 *
 * @throws {TypeError} when `console` lacks one of these methods.
 */
export function consoleObserver(console: ConsoleLike): LogObserver {
  checkValue('consoleObserver', 'console', console, having('a console', 'debug', 'info', 'warn', 'error'))
  return (event) => console[CONSOLE_METHOD[event.level]](eventText(event))
}

/**
 * Writes a line of JSON for each event, with `time`, `level`, `text` and, where the event has them, `error`,
 * `namespace`, `label`, `connection`, `source`, `template` (the text before its fields were filled in) and
 * `fields`. The line is valid JSON whatever the fields contain: see `plainValue`.
 *
 * @throws {TypeError} when `write` is not a function.
 */
export function jsonLinesObserver(write: (line: string) => void): LogObserver {
  checkValue('jsonLinesObserver', 'write', write, callable)
  return (event) => {
    const { level, error } = event
    const first = { time: eventTime(event), level, text: formatEvent(event), error }
    write(`${JSON.stringify(plainValue({ ...first, ...eventRecord(event) }))}\n`)
  }
}

/** A pino logger, as far as it is used here. */
export interface PinoLike {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
  fatal(fields: object, text: string): void
}

/**
 * Passes each event to the method of its level, `critical` to `fatal`. The error is `err`, which pino shows
 * with its stack. `namespace`, `label`, `connection`, `source`, `template` and `fields` are those of
 * `jsonLinesObserver`. The time is left to pino.
 *
 * @throws {TypeError} when `pino` lacks one of these methods.
 */
export function pinoObserver(pino: PinoLike): LogObserver {
  checkValue('pinoObserver', 'pino', pino, having('a pino logger', 'debug', 'info', 'warn', 'error', 'fatal'))
  return (event) =>
    pino[PINO_METHOD[event.level]]({ ...eventRecord(event), err: event.error }, formatEvent(event))
}

/** Which events an observer receives. */
export interface LogFilter {
  /** The least level that passes. */
  readonly level: LogLevel
  /**
   * The least level for a namespace and those below it: `shop` applies to `shop.orders` too, unless that has
   * a level of its own.
   */
  readonly namespaces?: Readonly<Record<string, LogLevel>> | undefined
}

/**
 * Returns an observer that receives only the events that pass. The text of the others is not even formatted.
 *
 * @throws {TypeError} when `observer` is not a function, or `filter` has an unknown option.
 * @throws {RangeError} when a level is not a `LogLevel`, for example one from the environment.
 */
export function filtered(observer: LogObserver, filter: LogFilter): LogObserver {
  checkValue('filtered', 'observer', observer, callable)
  checkValue('filtered', 'filter', filter, having('an object: { level }'))
  checkOptions('filtered', filter, RULES)
  const { level, namespaces = {} } = filter
  const least = rankOf(level)
  const leastBelow = new Map(Object.entries(namespaces).map(([name, own]) => [name, rankOf(own)]))
  const passes = (event: LogEvent): boolean =>
    RANK[event.level] >= (nearest(leastBelow, event.namespace) ?? least)
  return (event) => (passes(event) ? observer(event) : undefined)
}

/** The rank of a namespace, or of the nearest one above it, in the map. */
function nearest(ranks: ReadonlyMap<string, number>, namespace: string = ''): number | undefined {
  for (let name = namespace; ranks.size > 0; name = name.slice(0, name.lastIndexOf('.'))) {
    const rank = ranks.get(name)
    if (rank !== undefined || !name.includes('.')) return rank
  }
  return undefined
}

function rankOf(level: LogLevel): number {
  if (Object.hasOwn(RANK, level)) return RANK[level]
  throw new RangeError(`Cannot filter by level "${level}": the levels are ${Object.keys(RANK).join(', ')}`)
}

const CONSOLE_METHOD: Readonly<Record<LogLevel, keyof ConsoleLike>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'error',
}
const PINO_METHOD: Readonly<Record<LogLevel, keyof PinoLike>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'fatal',
}
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, critical: 4 }

const RULES: OptionRules<LogFilter> = {
  // `rankOf` checks it.
  level: anything,
  namespaces: having('levels by namespace'),
}
