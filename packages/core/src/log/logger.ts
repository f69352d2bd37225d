import type { Address } from '../addresses.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, having, type OptionRule, filledText } from '../options/option-rules.ts'
import type { LogConnection, LogEvent, LogFields, LogLevel, LogObserver } from '../interfaces/log.ts'
import type { ReactorLog } from '../interfaces/reactor.ts'
import { className } from './format.ts'

/** Where a logger's events go, and which object logs them. */
export type LoggerOptions = LogTarget & {
  /** The object that logs. When it is a protocol, its events name its connection. */
  readonly source?: object
}

/** A reactor or a publisher; or one observer. */
export type LogTarget = { readonly reactor: ReactorLog } | { readonly log: LogObserver }

/**
 * Logs on behalf of one part of a program.
 *
 * Texts are written for people, fields for machines: `logger.info('{user} ordered {count} ropes', { user,
 * count })`. Only the observers that want an event fill in its text.
 */
export class Logger {
  /** The part of the program that logs, such as `shop.orders`. */
  readonly namespace: string
  readonly #log: LogObserver
  readonly #source: object | undefined

  /**
   * @throws {TypeError} when the namespace is not a string, or the options name neither a reactor nor an
   *   observer.
   * @throws {RangeError} when the namespace is empty.
   */
  constructor(namespace: string, options: LoggerOptions) {
    checkValue('Logger', 'namespace', namespace, filledText)
    checkValue('Logger', 'options', options, TARGET)
    this.namespace = namespace
    this.#log = 'log' in options ? options.log : (event) => options.reactor.log(event)
    this.#source = options.source
  }

  /**
   * The same logger with another `source`. In a protocol, `logger.about(this)` gives every event the
   * connection's id, peer and protocol. It may be called before there is a connection.
   */
  about(source: object): Logger {
    return new Logger(this.namespace, { log: this.#log, source })
  }

  /** Logs a detail that helps to find a fault. */
  debug(text: string, fields?: LogFields): void {
    this.#emit('debug', { text, fields })
  }

  /** Logs a normal event. */
  info(text: string, fields?: LogFields): void {
    this.#emit('info', { text, fields })
  }

  /** Logs that something is wrong, although nothing has failed. */
  warn(text: string, fields?: LogFields): void {
    this.#emit('warn', { text, fields })
  }

  /** Logs that something failed. */
  error(text: string, fields?: LogFields): void {
    this.#emit('error', { text, fields })
  }

  /** Logs that an operator must act now. */
  critical(text: string, fields?: LogFields): void {
    this.#emit('critical', { text, fields })
  }

  /** Logs that something failed: an `error` event with the error that was thrown. */
  failure(text: string, error: unknown, fields?: LogFields): void {
    this.#emit('error', { text, error, fields })
  }

  #emit(level: LogLevel, event: Pick<LogEvent, 'text' | 'fields' | 'error'>): void {
    const [namespace, source] = [this.namespace, this.#source]
    this.#log({ level, namespace, source, connection: connectionOf(source), ...event })
  }
}

/** The connection of a source. Looked up for each event, because a protocol exists before its connection. */
function connectionOf(source: object | undefined): LogConnection | undefined {
  if (source === undefined || !('transport' in source)) return undefined
  try {
    const { transport } = source
    if (!isConnection(transport)) return undefined
    return { id: transport.id, peer: transport.getPeer(), protocol: className(source) }
  } catch {
    // A protocol has no transport before connectionMade.
    return undefined
  }
}

/** The members of a transport that identify it. */
interface Connection {
  readonly id: number
  getPeer(): Address
}

function isConnection(value: unknown): value is Connection {
  return typeof value === 'object' && value !== null && 'id' in value && 'getPeer' in value
}

const hasLog = having('a reactor', 'log')
const TARGET: OptionRule = (value) => {
  const given = Object(value) as { readonly log?: unknown; readonly reactor?: unknown }
  const isTarget = callable(given.log) === undefined || hasLog(given.reactor) === undefined
  return isTarget ? undefined : { kind: 'type', wanted: '{ reactor } or { log }' }
}
