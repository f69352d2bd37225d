/**
 * Structured log events, and the observers that receive them.
 *
 * @module
 */
export type {
  LogConnection,
  LogEvent,
  LogFields,
  LogLevel,
  LogObserver,
  LogObservers,
} from './interfaces/log.ts'
export type { ReactorLog } from './interfaces/reactor.ts'
export { eventText, formatEvent } from './log/format.ts'
export { LogPublisher, type LogPublisherOptions } from './log/log-publisher.ts'
export { Logger, type LoggerOptions, type LogTarget } from './log/logger.ts'
export {
  type ConsoleLike,
  consoleObserver,
  filtered,
  jsonLinesObserver,
  type LogFilter,
  type PinoLike,
  pinoObserver,
  textObserver,
} from './log/observers.ts'
export { logToStderr } from './node/node-reactor.ts'
export { type DiagnosticEvents, logConnection } from './transport/diagnostics.ts'
