import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { callSafely, settleSafely } from '../safely.ts'
import type { ConnectionRegistry } from './transport-host.ts'

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
