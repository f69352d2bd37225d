import type { Address } from '../addresses.ts'

/** How much an event matters, from least to most. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'critical'

/** The data of an event by name. It fills the `{name}`s in the event's text, and structured logs keep it. */
export type LogFields = Readonly<Record<string, unknown>>

/** An event for the people who run the program. */
export interface LogEvent {
  readonly level: LogLevel
  /**
   * One line, sentence case. `{name}` and `{name.attribute}` stand for fields, if there are any: see
   * `formatEvent`.
   */
  readonly text: string
  readonly fields?: LogFields | undefined
  /** The part of the program that logs, such as `shop.orders`. The publisher sets it when it is missing. */
  readonly namespace?: string | undefined
  /** When it happened, in milliseconds since 1970. The publisher sets it when it is missing. */
  readonly timeMs?: number | undefined
  /** The connection it is about. */
  readonly connection?: LogConnection | undefined
  /** The subject of the event when that is not a connection, such as a file or an address. */
  readonly label?: string | undefined
  /** The object that logs. */
  readonly source?: object | undefined
  readonly error?: unknown
}

/** A connection, as the log identifies it. */
export interface LogConnection {
  /** The transport's `id`. */
  readonly id: number
  readonly peer: Address
  /** The name of the protocol's class. */
  readonly protocol: string
}

/**
 * Receives log events. What it throws or rejects with is logged to the other observers and goes no further.
 */
export type LogObserver = (event: LogEvent) => void

/** The observers of a log. */
export interface LogObservers {
  /** Calls `observer` from the next event on. Does nothing when it was added already. */
  addObserver(observer: LogObserver): void
  /** Stops calling `observer`. Does nothing unless it was added. */
  removeObserver(observer: LogObserver): void
}
