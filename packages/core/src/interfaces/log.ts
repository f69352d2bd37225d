import type { Address } from '../addresses.ts'

/** How much an event matters, from least to most. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'critical'

/** What an event is about, by name: fills the `{name}`s of its text, and is kept by structured logs. */
export type LogFields = Readonly<Record<string, unknown>>

/** Something worth telling whoever runs the program. */
export interface LogEvent {
  readonly level: LogLevel
  /** One line, sentence case. When there are fields, `{name}` and `{name.attribute}` stand for them: see `formatEvent`. */
  readonly text: string
  readonly fields?: LogFields | undefined
  /** Which part of the program speaks, such as `shop.orders`. Whoever publishes the event fills it. */
  readonly namespace?: string | undefined
  /** When it happened, in milliseconds since 1970. Whoever publishes the event fills it. */
  readonly timeMs?: number | undefined
  /** The connection it is about. */
  readonly connection?: LogConnection | undefined
  /** Who it concerns, where that is no connection, such as a file or an address. */
  readonly label?: string | undefined
  /** The object that speaks. */
  readonly source?: object | undefined
  readonly error?: unknown
}

/** A connection, as the log names it. */
export interface LogConnection {
  /** The transport's: counts the connections of a reactor from 1. */
  readonly id: number
  readonly peer: Address
  /** The name of the protocol's class. */
  readonly protocol: string
}

/** Receives log events. What it throws, or rejects with, is told to the other observers and goes no further. */
export type LogObserver = (event: LogEvent) => void

/** Who is told of what is logged. */
export interface LogObservers {
  /** Tells an observer from the next event on. Does nothing when it is told already. */
  addObserver(observer: LogObserver): void
  /** Tells an observer no more. Does nothing unless it was told. */
  removeObserver(observer: LogObserver): void
}
