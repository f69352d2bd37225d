import type { LogEvent, LogObserver, LogObservers } from '../interfaces/log.ts'
import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, having, listOf } from '../options/option-rules.ts'

/** The options of a publisher. */
export interface LogPublisherOptions {
  /** Gives events their time. */
  readonly reactor: Pick<ReactorTime, 'wallClock'>
  /** The first observers. Default: none. */
  readonly observers?: LogObserver | readonly LogObserver[] | undefined
  /** Receives the events that every observer failed to take. Default: they are dropped. */
  readonly otherwise?: LogObserver | undefined
}

/**
 * Passes events to observers, in the order in which they were added.
 *
 * The caller of `log` may be about to end a connection, so no error of an observer reaches it. The failure of
 * an observer, and events that it logs while it is called, go to the other observers and never to itself:
 * observers cannot call each other for ever.
 *
 * @example
 * ```ts
 * import { LogPublisher } from '@ropewalk/core/log'
 * import { Clock } from '@ropewalk/core/testing'
 *
 * const log = new LogPublisher({ reactor: new Clock(), observers: [({ text }) => console.log(text)] })
 * log.log({ level: 'info', text: 'ready' })
 * ```
 *
 * ```text
 * ready
 * ```
 */
export class LogPublisher implements ReactorLog, LogObservers {
  readonly #reactor: Pick<ReactorTime, 'wallClock'>
  readonly #otherwise: LogObserver
  #observers: readonly LogObserver[]
  /** Observers that are being called, and those that failed since the outermost `log` began. */
  readonly #deaf = new Set<LogObserver>()
  #depth = 0

  /** @throws {TypeError} when an observer is not a function. */
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
    // A new array each time: events under way continue with the old one.
    if (!this.#observers.includes(observer)) this.#observers = [...this.#observers, observer]
  }

  removeObserver(observer: LogObserver): void {
    this.#observers = this.#observers.filter((other) => other !== observer)
  }

  /**
   * Passes an event to every observer; sets a missing time, and a missing namespace to `ropewalk`. Never
   * throws.
   */
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
    const reached = observers.filter((observer) => this.#notify(observer, event))
    if (reached.length === 0 && observers.length > 0) this.#notify(this.#otherwise, event)
  }

  /** @returns whether the observer was called and did not throw. */
  #notify(observer: LogObserver, event: LogEvent): boolean {
    if (this.#deaf.has(observer)) return false
    this.#deaf.add(observer)
    try {
      const result: unknown = observer(event)
      // An observer may be an async function.
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(observer, error))
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
