import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { callSafely, settleSafely } from '../safely.ts'
import { Deadline } from '../time/deadline.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import { logConnection } from './diagnostics.ts'

/** Is notified of faults. */
export interface FaultListener {
  /** A callback of `protocol`, or of a producer or policy of the connection, threw or rejected. */
  callbackFailed(protocol: ProtocolEvents | undefined, error: unknown): void
}

/**
 * The current protocol of a connection. Every call into it runs in the connection's context, if `keepContext`
 * was called. If a call throws or rejects, `callbackFailed` is called, and the caller sees no error.
 */
export class CurrentProtocol {
  readonly #registry: Pick<ConnectionRegistry, 'context'>
  readonly #transport: Transport
  readonly #faults: FaultListener
  #protocol: ProtocolEvents | undefined

  constructor(registry: Pick<ConnectionRegistry, 'context'>, transport: Transport, faults: FaultListener) {
    this.#registry = registry
    this.#transport = transport
    this.#faults = faults
  }

  /** The current protocol; undefined before the first `replace`. */
  get protocol(): ProtocolEvents | undefined {
    return this.#protocol
  }

  /** Whether it continues after the peer's FIN. Then it is notified of the FIN at once, even while paused. */
  get halfCloses(): boolean {
    return this.#protocol?.readConnectionLost !== undefined
  }

  /** Sets the current protocol and returns the previous one. */
  replace(next: ProtocolEvents): ProtocolEvents | undefined {
    const previous = this.#protocol
    this.#protocol = next
    return previous
  }

  /**
   * Makes a call into `protocol`, by default the current one.
   *
   * @returns a promise that resolves when the promise that the call returned has settled; undefined when it
   *   returned none.
   */
  call(
    call: (protocol: ProtocolEvents) => unknown,
    protocol: ProtocolEvents | undefined = this.#protocol,
  ): Promise<void> | undefined {
    if (protocol === undefined) return undefined
    return this.#callInContext(() => call(protocol), protocol)
  }

  /** Makes a call into another object of the connection, such as a producer. */
  callSecondary(call: () => unknown): void {
    void this.#callInContext(call, this.#protocol)
  }

  /**
   * Calls `drain` of the protocol, and then `drained`: when the promise that `drain` returned has settled, or
   * at once if it returned none. `drained` is not called if another protocol is current by then.
   */
  drain(drained: () => void): void {
    const protocol = this.#protocol
    const finished = (): void => {
      if (protocol === this.#protocol) drained()
    }
    const pending = this.call((current) => current.drain?.())
    if (pending === undefined) finished()
    else void pending.then(finished)
  }

  /** Calls `dataReceived` without a closure, because it runs for every chunk received. */
  deliver(data: Buffer): Promise<void> | undefined {
    const protocol = this.#protocol
    if (protocol === undefined) return undefined
    try {
      const { context } = this.#registry
      const result =
        context === undefined
          ? protocol.dataReceived(data)
          : context.run(this.#transport, dataReceived, protocol, data)
      if (result === undefined) return undefined
      const pending = settleSafely(result, (error) => this.#faults.callbackFailed(protocol, error))
      // The promise of a protocol that was replaced in the meantime is not awaited.
      return protocol === this.#protocol ? pending : undefined
    } catch (error) {
      this.#faults.callbackFailed(protocol, error)
      return undefined
    }
  }

  #callInContext(call: () => unknown, protocol: ProtocolEvents | undefined): Promise<void> | undefined {
    const { context } = this.#registry
    const inContext = context === undefined ? call : (): unknown => context.run(this.#transport, call)
    return callSafely(inContext, (error) => this.#faults.callbackFailed(protocol, error))
  }
}

function dataReceived(protocol: ProtocolEvents, data: Buffer): unknown {
  return protocol.dataReceived(data)
}

/** The input that is held for a protocol. */
export interface HeldInput {
  /** The promise of a callback that must settle before the next delivery; undefined when there is none. */
  readonly pending: Promise<void> | undefined
  readonly heldBytes: number
  /** Whether the end of input is held, after the held bytes if there are any. */
  readonly owesEnd: boolean
}

/** A protocol that uses promises of `dataReceived` for backpressure: they may stay pending for any time. */
export interface BackpressureProtocol {
  readonly holdsBack: true
}

/** The callback that returned the pending promise, and its protocol. */
export interface PendingCallback {
  readonly protocol: ProtocolEvents | undefined
  /** The name of the callback. */
  readonly callback: string
}

/**
 * Logs once for a connection that a callback's promise has not settled for 10 s while input waits for it. A
 * callback that awaits something that only a later callback can bring waits for ever, and only this warning
 * shows it.
 */
export class StuckCallback {
  readonly #transport: Transport
  readonly #input: HeldInput
  readonly #callback: () => PendingCallback
  readonly #deadline: Deadline
  #watched: Promise<void> | undefined
  #logged = false

  constructor(transport: Transport, input: HeldInput, callback: () => PendingCallback) {
    this.#transport = transport
    this.#input = input
    this.#callback = callback
    this.#deadline = new Deadline(transport.reactor, () => this.#deadlineExpired())
  }

  /** Input is held until `pending` settles. */
  watch(pending: Promise<void>): void {
    if (this.#logged || pending === this.#watched) return
    this.#watched = pending
    this.#deadline.set(STUCK_AFTER_MS)
    void pending.then(() => this.#settled(pending))
  }

  /** The connection is gone. */
  stop(): void {
    this.#logged = true
    this.#deadline.clear()
  }

  #settled(pending: Promise<void>): void {
    if (pending !== this.#watched) return
    this.#watched = undefined
    this.#deadline.clear()
    // The held bytes may have been delivered to a callback that is pending too, while the end of input still
    // waits.
    const { pending: next, heldBytes, owesEnd } = this.#input
    if (next !== undefined && (heldBytes > 0 || owesEnd)) this.watch(next)
  }

  #deadlineExpired(): void {
    const { pending, heldBytes, owesEnd } = this.#input
    // Another protocol may be current by now, with no promise pending.
    if (pending !== this.#watched || (heldBytes === 0 && !owesEnd)) return
    const { protocol, callback } = this.#callback()
    if (protocol !== undefined && 'holdsBack' in protocol && protocol.holdsBack === true) return
    this.#logged = true
    const waiting = heldBytes > 0 ? '{bytes} received bytes wait for it' : 'the end of input waits for it'
    this.#transport.reactor.log({
      level: 'warn',
      text: `The promise of {callback} has not settled for ${STUCK_AFTER_MS / 1000} s, and ${waiting}`,
      fields: { callback, bytes: heldBytes },
      connection: logConnection(this.#transport, protocol),
      source: protocol,
    })
  }
}

const STUCK_AFTER_MS = 10_000
