import type { LogLevel, LogObserver } from '../contracts/log.ts'
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
 */
export function pinoObserver(pino: PinoLike): LogObserver {
  return (event) => pino[METHOD[event.level]]({ ...eventRecord(event), err: event.error }, formatEvent(event))
}

const METHOD: Readonly<Record<LogLevel, keyof PinoLike>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'fatal',
}
