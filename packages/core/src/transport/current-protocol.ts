import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { callSafely, settleSafely } from '../safely.ts'
import { Deadline } from '../time/deadline.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import { logConnection } from './diagnostics.ts'

/** Hears of faults. */
export interface FaultListener {
  /** A callback of `protocol`, or of what belongs to the connection beside it, threw or rejected. */
  callbackFailed(protocol: ProtocolEvents | undefined, error: unknown): void
}

/**
 * Who reads a connection now. Every call into it runs in the connection's context, where one is
 * kept, and whatever goes wrong in it goes to the transport and no further.
 */
export class CurrentProtocol {
  readonly #registry: Pick<ConnectionRegistry, 'context'>
  readonly #transport: Transport & FaultListener
  #protocol: ProtocolEvents | undefined

  constructor(registry: Pick<ConnectionRegistry, 'context'>, transport: Transport & FaultListener) {
    this.#registry = registry
    this.#transport = transport
  }

  /** The protocol; undefined before the first. */
  get protocol(): ProtocolEvents | undefined {
    return this.#protocol
  }

  /** Makes `next` the one who reads; answers who did. */
  replace(next: ProtocolEvents): ProtocolEvents | undefined {
    const previous = this.#protocol
    this.#protocol = next
    return previous
  }

  /** Calls into `protocol`, the current one unless said otherwise; answers a promise when the call did. */
  tell(
    call: (protocol: ProtocolEvents) => unknown,
    protocol: ProtocolEvents | undefined = this.#protocol,
  ): Promise<void> | undefined {
    if (protocol === undefined) return undefined
    return this.#contained(() => call(protocol), protocol)
  }

  /** Calls into what belongs to the connection beside its protocol, such as a producer. */
  callSecondary(call: () => unknown): void {
    void this.#contained(call, this.#protocol)
  }

  /**
   * Asks the protocol to finish what it is at, and calls `drained` once the promise it returned has
   * settled: at once without a promise, never when another protocol has taken over by then.
   */
  drain(drained: () => void): void {
    const protocol = this.#protocol
    const finished = (): void => {
      if (protocol === this.#protocol) drained()
    }
    const pending = this.tell((current) => current.drain?.())
    if (pending === undefined) finished()
    else void pending.then(finished)
  }

  /** Hands bytes over. Written out rather than through `tell`: it runs for every piece that comes in. */
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
      const pending = settleSafely(result, (error) => this.#transport.callbackFailed(protocol, error))
      // Nobody waits for one that was replaced meanwhile.
      return protocol === this.#protocol ? pending : undefined
    } catch (error) {
      this.#transport.callbackFailed(protocol, error)
      return undefined
    }
  }

  #contained(call: () => unknown, protocol: ProtocolEvents | undefined): Promise<void> | undefined {
    const { context } = this.#registry
    const inContext = context === undefined ? call : (): unknown => context.run(this.#transport, call)
    return callSafely(inContext, (error) => this.#transport.callbackFailed(protocol, error))
  }
}

function dataReceived(protocol: ProtocolEvents, data: Buffer): unknown {
  return protocol.dataReceived(data)
}

/** What is held back from a protocol. */
export interface HeldInput {
  /** The promise of a callback that must settle first; undefined when there is none. */
  readonly pending: Promise<void> | undefined
  readonly heldBytes: number
  /** Whether the peer's end waits, behind the bytes if there are any. */
  readonly owesEnd: boolean
}

/** A protocol whose promises of `dataReceived` mean that it has enough for now: they may take any time. */
export interface HoldingBack {
  readonly holdsBack: true
}

/** Whose callback is pending. */
export interface PendingCallback {
  readonly protocol: ProtocolEvents | undefined
  /** The name of the callback. */
  readonly callback: string
}

/**
 * Logs, once for a connection, that a callback's promise has not settled for 10 s although input waits for it: a
 * callback that awaits what only a later one can bring waits for ever, and nothing else shows it.
 */
export class StuckCallback {
  readonly #transport: Transport
  readonly #input: HeldInput
  readonly #who: () => PendingCallback
  readonly #deadline: Deadline
  #watched: Promise<void> | undefined
  #logged = false

  constructor(transport: Transport, input: HeldInput, who: () => PendingCallback) {
    this.#transport = transport
    this.#input = input
    this.#who = who
    this.#deadline = new Deadline(transport.reactor, () => this.#passed())
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
    // What was held may have been given to a callback that is pending too, and the end still waits.
    const { pending: next, heldBytes, owesEnd } = this.#input
    if (next !== undefined && (heldBytes > 0 || owesEnd)) this.watch(next)
  }

  #passed(): void {
    const { pending, heldBytes, owesEnd } = this.#input
    // Another protocol may read by now, which waits for nothing.
    if (pending !== this.#watched || (heldBytes === 0 && !owesEnd)) return
    const { protocol, callback } = this.#who()
    if (protocol !== undefined && 'holdsBack' in protocol && protocol.holdsBack === true) return
    this.#logged = true
    const what = heldBytes > 0 ? '{bytes} bytes that have come' : "the peer's end"
    this.#transport.reactor.log({
      level: 'warn',
      text: `The promise of {callback} has not settled for ${STUCK_AFTER_MS / 1000} s, and ${what} must wait for it`,
      fields: { callback, bytes: heldBytes },
      connection: logConnection(this.#transport, protocol),
      source: protocol,
    })
  }
}

const STUCK_AFTER_MS = 10_000
