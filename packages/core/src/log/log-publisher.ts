import type { LogEvent, LogObserver, LogObservers } from '../interfaces/log.ts'
import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, having, listOf } from '../options/option-rules.ts'

/** What a publisher is made with. */
export interface LogPublisherOptions {
  /** Tells the time of events. */
  readonly reactor: Pick<ReactorTime, 'wallClock'>
  /** Who is told first. Default nobody. */
  readonly observers?: LogObserver | readonly LogObserver[] | undefined
  /** Told of what no observer could hear, because all of them failed. Default nobody. */
  readonly otherwise?: LogObserver | undefined
}

/**
 * Tells events to observers, in the order in which they were added.
 *
 * Whoever logs is about to do something that matters more, such as ending a connection, so nothing that
 * an observer does reaches him. An observer's failure, and whatever else it logs while it is being told,
 * is told to the others and never to itself: observers cannot keep each other busy for ever.
 */
export class LogPublisher implements ReactorLog, LogObservers {
  readonly #reactor: Pick<ReactorTime, 'wallClock'>
  readonly #otherwise: LogObserver
  #observers: readonly LogObserver[]
  /** Those that are being told of something, and those that failed since the outermost `log` began. */
  readonly #deaf = new Set<LogObserver>()
  #depth = 0

  /** @throws {TypeError} for an observer that is no function. */
  constructor({ reactor, observers = [], otherwise = () => undefined }: LogPublisherOptions) {
    this.#reactor = reactor
    this.#otherwise = otherwise
    this.#observers = [observers].flat()
    checkValue('a log', 'reactor', reactor, having('a reactor', 'wallClock'))
    checkValue('a log', 'otherwise', otherwise, callable)
    checkValue('a log', 'observers', this.#observers, listOf(callable))
  }

  addObserver(observer: LogObserver): void {
    checkValue('addObserver', 'observer', observer, callable)
    // A new array each time: the events under way go on with the old one.
    if (!this.#observers.includes(observer)) this.#observers = [...this.#observers, observer]
  }

  removeObserver(observer: LogObserver): void {
    this.#observers = this.#observers.filter((other) => other !== observer)
  }

  /** Tells an event to every observer, with its time and, unless it has one, the namespace `ropewalk`. Never throws. */
  log(event: LogEvent): void {
    const { namespace = NAMESPACE, timeMs = this.#reactor.wallClock() } = event
    this.#depth += 1
    try {
      this.#publish({ ...event, namespace, timeMs })
    } finally {
      this.#depth -= 1
      if (this.#depth === 0) this.#deaf.clear()
    }
  }

  #publish(event: LogEvent): void {
    const observers = this.#observers
    const accepted = observers.filter((observer) => this.#notify(observer, event))
    if (accepted.length === 0 && observers.length > 0) this.#notify(this.#otherwise, event)
  }

  /** @returns whether the observer heard it. */
  #notify(observer: LogObserver, event: LogEvent): boolean {
    if (this.#deaf.has(observer)) return false
    this.#deaf.add(observer)
    try {
      const told: unknown = observer(event)
      // An asynchronous function passes for an observer.
      if (told instanceof Promise) told.catch((error: unknown) => this.#failed(observer, error))
    } catch (error) {
      this.#failed(observer, error)
      return false
    }
    this.#deaf.delete(observer)
    return true
  }

  #failed(observer: LogObserver, error: unknown): void {
    this.#deaf.add(observer)
    this.log({ level: 'error', text: 'A log observer failed', error })
  }
}

const NAMESPACE = 'ropewalk'
