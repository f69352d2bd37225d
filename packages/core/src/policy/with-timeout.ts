import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, milliseconds } from '../options/option-rules.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { callSafely } from '../safely.ts'
import { Deadline } from '../time/deadline.ts'

/** The members that `withTimeout` adds to a protocol. */
export interface TimeoutMixin {
  /**
   * Closes the connection unless `resetTimeout` is called within `timeoutMs`; undefined cancels the deadline.
   *
   * @returns the previous `timeoutMs`.
   */
  setTimeout(timeoutMs: number | undefined): number | undefined
  /** Restarts the deadline, for a peer that has made progress. Does nothing while no deadline is set. */
  resetTimeout(): void
  /** The deadline has expired. Closes the connection unless overridden. */
  timeoutConnection(): void
}

/**
 * Adds a deadline to a protocol class, as Twisted's TimeoutMixin does.
 *
 *     class Login extends withTimeout(LineReceiver) {
 *       override connectionMade() { this.setTimeout(30_000) }
 *     }
 */
export function withTimeout<C extends ProtocolClass>(Base: C): C & TimeoutClass {
  abstract class WithTimeout extends Base implements TimeoutMixin {
    #timeout: ProtocolTimeout | undefined

    setTimeout(timeoutMs: number | undefined): number | undefined {
      this.#timeout ??= this.#newTimeout()
      return this.#timeout.setTimeout(timeoutMs)
    }

    resetTimeout(): void {
      this.#timeout?.resetTimeout()
    }

    timeoutConnection(): void {
      this.transport.loseConnection()
    }

    /** Cancels the deadline: the connection belongs to another protocol, so that this one must not close it. */
    override protocolReplaced(): unknown {
      this.#timeout?.setTimeout(undefined)
      return super.protocolReplaced?.()
    }

    #newTimeout(): ProtocolTimeout {
      const timeout = new ProtocolTimeout(this.transport.reactor, () => this.#timedOut())
      // Not in connectionLost, which a subclass overrides without a call of super.
      this.transport.signal.addEventListener('abort', () => timeout.setTimeout(undefined))
      return timeout
    }

    #timedOut(): void {
      void callSafely(
        () => this.timeoutConnection(),
        (error) => this.transport.failConnection(error),
      )
    }
  }
  return WithTimeout
}

// TypeScript accepts only this form of class type as a mixin's base.
// oxlint-disable-next-line typescript/no-explicit-any
type ProtocolClass = abstract new (...args: any[]) => Protocol<unknown> & MaybeReplaceable
// oxlint-disable-next-line typescript/no-explicit-any
type TimeoutClass = abstract new (...args: any[]) => TimeoutMixin

/** The optional callback that the mixin passes on. It is a method, so that a class can override it. */
interface MaybeReplaceable {
  protocolReplaced?(): unknown
}

/** A deadline for a protocol, as an object: Twisted's TimeoutMixin without inheritance. */
export class ProtocolTimeout {
  readonly #deadline: Deadline
  #timeoutMs: number | undefined

  /**
   * @param timedOut Called when the deadline expires; such as `() => transport.loseConnection()`.
   * @throws {TypeError} when `timedOut` is not a function.
   */
  constructor(time: ReactorTime, timedOut: () => void) {
    checkValue('ProtocolTimeout', 'timedOut', timedOut, callable)
    this.#deadline = new Deadline(time, () => {
      this.#timeoutMs = undefined
      timedOut()
    })
  }

  /**
   * Calls `timedOut` unless `resetTimeout` is called within `timeoutMs`; undefined cancels the deadline.
   *
   * @returns the previous `timeoutMs`.
   * @throws {TypeError | RangeError} when `timeoutMs` is neither undefined nor a number of 0 or more; the previous
   *   deadline stays.
   */
  setTimeout(timeoutMs: number | undefined): number | undefined {
    if (timeoutMs !== undefined) checkValue('setTimeout', 'timeoutMs', timeoutMs, TIMEOUT)
    const before = this.#timeoutMs
    if (timeoutMs === undefined) this.#deadline.clear()
    else this.#deadline.set(timeoutMs)
    this.#timeoutMs = timeoutMs
    return before
  }

  /** Restarts the deadline, for a peer that has made progress. Does nothing while no deadline is set. */
  resetTimeout(): void {
    if (this.#timeoutMs !== undefined) this.#deadline.set(this.#timeoutMs)
  }
}

const TIMEOUT = milliseconds({ endless: true })
