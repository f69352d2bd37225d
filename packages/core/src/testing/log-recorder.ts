import type { LogEvent, LogObserver } from '../interfaces/log.ts'
import { eventText } from '../log/format.ts'

/** Keeps what is logged, for tests: `createReactor({ log: recorder.observer })`. */
export class LogRecorder {
  /** What was logged, oldest first. */
  readonly events: LogEvent[] = []
  readonly observer: LogObserver = (event) => {
    this.events.push(event)
  }

  /** What was logged, as people read it, without time and level. */
  get lines(): readonly string[] {
    return this.events.map(eventText)
  }

  /** Forgets the errors a test has provoked: see `flushLoggedErrors`. */
  flushLoggedErrors(): unknown[]
  flushLoggedErrors<E>(type: ErrorClass<E>): E[]
  flushLoggedErrors(type?: ErrorClass<unknown>): unknown[] {
    return flushLoggedErrors(this.events, type)
  }
}

/** A class whose instances may be logged as errors. */
export type ErrorClass<E> = abstract new (...args: never[]) => E

/**
 * Takes the events whose error is a `type`, or any error without one, out of `events`.
 *
 * A test that provokes errors takes them, then expects the log to be empty: no other went unnoticed.
 *
 * @returns those errors, oldest first.
 */
export function flushLoggedErrors<E>(events: LogEvent[], type?: ErrorClass<E>): E[] {
  const isMeant = ({ error }: LogEvent): boolean =>
    type === undefined ? error !== undefined : error instanceof type
  const meant = events.filter(isMeant)
  events.splice(0, events.length, ...events.filter((event) => !isMeant(event)))
  return meant.map(({ error }) => error as E)
}
