import { checkValue } from '../options/check-options.ts'
import { having } from '../options/option-rules.ts'
import type { LogLevel, LogObserver } from '../interfaces/log.ts'
import { eventRecord } from './event-record.ts'
import { formatEvent } from './format-event.ts'

/** A pino logger, as far as it is used here. */
export interface PinoLike {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
  fatal(fields: object, text: string): void
}

/**
 * Gives each event to the method of its level, `critical` to `fatal`: the error as `err`, which pino shows
 * with its stack, and namespace, connection and fields under their names. The time is pino's own.
 *
 * @throws {TypeError} when `pino` lacks one of these methods.
 */
export function pinoObserver(pino: PinoLike): LogObserver {
  checkValue('pinoObserver', 'pino', pino, having('a pino logger', 'debug', 'info', 'warn', 'error', 'fatal'))
  return (event) =>
    pino[PINO_METHOD[event.level]]({ ...eventRecord(event), err: event.error }, formatEvent(event))
}

const PINO_METHOD: Readonly<Record<LogLevel, keyof PinoLike>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'fatal',
}
