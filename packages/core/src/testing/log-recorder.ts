import type { LogEvent, LogObserver } from '../interfaces/log.ts'
import { eventText } from '../log/format.ts'

/** Records log events, for tests: `createReactor({ log: recorder.observer })`. */
export class LogRecorder {
  /** The events logged, oldest first. */
  readonly events: LogEvent[] = []
  readonly observer: LogObserver = (event) => {
    this.events.push(event)
  }

  /** The text of the events logged, without time and level. */
  get lines(): readonly string[] {
    return this.events.map(eventText)
  }

  /** Removes the errors that a test has provoked: see the function `flushLoggedErrors`. */
  flushLoggedErrors(): unknown[]
  flushLoggedErrors<E>(type: ErrorClass<E>): E[]
  flushLoggedErrors(type?: ErrorClass<unknown>): unknown[] {
    return flushLoggedErrors(this.events, type)
  }
}

/** A class of which instances may be logged as errors. */
export type ErrorClass<E> = abstract new (...args: never[]) => E

/**
 * Removes from `events` the events with an error of class `type`, or with any error if `type` is undefined.
 *
 * A test that provokes errors flushes them, then expects the log to be empty, so that no other error goes unnoticed.
 *
 * @returns the errors of the removed events, oldest first.
 */
export function flushLoggedErrors<E>(events: LogEvent[], type?: ErrorClass<E>): E[] {
  const isMeant = ({ error }: LogEvent): boolean =>
    type === undefined ? error !== undefined : error instanceof type
  const meant = events.filter(isMeant)
  events.splice(0, events.length, ...events.filter((event) => !isMeant(event)))
  return meant.map(({ error }) => error as E)
}
