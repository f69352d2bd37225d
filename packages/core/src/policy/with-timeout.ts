import type { ConnectionClosed } from '../errors.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, milliseconds } from '../options/option-rules.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { callSafely } from '../safely.ts'
import { Deadline } from '../time/deadline.ts'

/** What `withTimeout` adds to a protocol. */
export interface TimeoutMixin {
  /**
   * Closes the connection unless `resetTimeout` is called within `timeoutMs`; undefined ends that.
   *
   * @returns what was set before.
   */
  setTimeout(timeoutMs: number | undefined): number | undefined
  /** The peer has made progress: the time begins anew. Does nothing while none is set. */
  resetTimeout(): void
  /** The time is over. Closes the connection, unless overridden. */
  timeoutConnection(): void
}

/**
 * A protocol class with a deadline of its own, as Twisted's TimeoutMixin.
 *
 *     class Login extends withTimeout(LineReceiver) {
 *       override connectionMade() { this.setTimeout(30_000) }
 *     }
 */
export function withTimeout<C extends ProtocolClass>(Base: C): C & TimeoutClass {
  abstract class WithTimeout extends Base implements TimeoutMixin {
    #timeout: ProtocolTimeout | undefined

    setTimeout(timeoutMs: number | undefined): number | undefined {
      this.#timeout ??= new ProtocolTimeout(this.transport.reactor, () => this.#timedOut())
      return this.#timeout.setTimeout(timeoutMs)
    }

    resetTimeout(): void {
      this.#timeout?.resetTimeout()
    }

    timeoutConnection(): void {
      this.transport.loseConnection()
    }

    override connectionLost(reason: ConnectionClosed): unknown {
      this.#timeout?.setTimeout(undefined)
      return super.connectionLost(reason)
    }

    /** Another protocol has the connection: it is not ours to close. */
    override protocolReplaced(): unknown {
      this.#timeout?.setTimeout(undefined)
      return super.protocolReplaced?.()
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

// TypeScript takes a class for a mixin's base only in this form.
// oxlint-disable-next-line typescript/no-explicit-any
type ProtocolClass = abstract new (...args: any[]) => Protocol<unknown> & MaybeReplaceable
// oxlint-disable-next-line typescript/no-explicit-any
type TimeoutClass = abstract new (...args: any[]) => TimeoutMixin

/** What of a protocol the mixin must pass on: a method, so that a class may override it. */
interface MaybeReplaceable {
  protocolReplaced?(): unknown
}

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
