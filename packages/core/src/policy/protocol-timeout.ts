import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, milliseconds } from '../options/option-rules.ts'
import { Deadline } from '../transport/deadline.ts'

/** A protocol's own deadline, as an object: Twisted's TimeoutMixin without inheritance. */
export class ProtocolTimeout {
  readonly #deadline: Deadline
  #timeoutMs: number | undefined

  /**
   * @param timedOut Called when the time is over; such as `() => transport.loseConnection()`.
   * @throws {TypeError} when that is no function.
   */
  constructor(time: ReactorTime, timedOut: () => void) {
    checkValue('ProtocolTimeout', 'timedOut', timedOut, callable)
    this.#deadline = new Deadline(time, () => {
      this.#timeoutMs = undefined
      timedOut()
    })
  }

  /**
   * Calls `timedOut` unless `resetTimeout` is called within `timeoutMs`; undefined ends that.
   *
   * @returns what was set before.
   * @throws {TypeError | RangeError} when `timeoutMs` is neither undefined nor a number of 0 or more; what was set before
   *   stays.
   */
  setTimeout(timeoutMs: number | undefined): number | undefined {
    if (timeoutMs !== undefined) checkValue('setTimeout', 'timeoutMs', timeoutMs, TIMEOUT)
    const before = this.#timeoutMs
    if (timeoutMs === undefined) this.#deadline.clear()
    else this.#deadline.set(timeoutMs)
    this.#timeoutMs = timeoutMs
    return before
  }

  /** The peer has made progress: the time begins anew. Does nothing while none is set. */
  resetTimeout(): void {
    if (this.#timeoutMs !== undefined) this.#deadline.set(this.#timeoutMs)
  }
}

const TIMEOUT = milliseconds({ endless: true })
