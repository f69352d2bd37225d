import type { Address } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY, POLICY } from '../options/object-rules.ts'
import { listOf } from '../options/option-rules.ts'

/**
 * A factory that wraps another one for a single attempt of an endpoint. `policies`, `acceptableProtocols`,
 * `doStart` and `doStop` are forwarded. The callbacks about connectors are not: the caller of `connect`
 * decides about another attempt.
 */
export abstract class AttemptFactory<
  P extends ProtocolEvents = ProtocolEvents,
  W extends ProtocolEvents = P,
> implements ProtocolFactory<P> {
  /** The wrapped factory. */
  readonly wrappedFactory: ProtocolFactory<W>

  /** @throws {TypeError} when `wrappedFactory` is not a factory. */
  constructor(wrappedFactory: ProtocolFactory<W>) {
    checkValue(new.target.name, 'wrappedFactory', wrappedFactory, FACTORY)
    this.wrappedFactory = wrappedFactory
  }

  get policies(): readonly ConnectionPolicy[] | undefined {
    return this.wrappedFactory.policies
  }

  get acceptableProtocols(): readonly string[] | undefined {
    return this.wrappedFactory.acceptableProtocols
  }

  doStart(): unknown {
    return this.wrappedFactory.doStart()
  }

  doStop(): unknown {
    return this.wrappedFactory.doStop()
  }

  abstract buildProtocol(peer: Address, session?: TLSSession): P | undefined
}

/** A factory that wraps another one, for ports and connectors. All their calls are forwarded. */
export abstract class ForwardingFactory<
  P extends ProtocolEvents = ProtocolEvents,
  W extends ProtocolEvents = P,
> extends AttemptFactory<P, W> {
  /** Forwards the call to the wrapped factory. */
  startedConnecting(connector: Connector): unknown {
    return this.wrappedFactory.startedConnecting?.(connector)
  }

  /** Forwards the call to the wrapped factory. */
  clientConnectionFailed(connector: Connector, reason: Error): unknown {
    return this.wrappedFactory.clientConnectionFailed?.(connector, reason)
  }

  /** Forwards the call to the wrapped factory. */
  clientConnectionLost(connector: Connector, reason: ConnectionClosed): unknown {
    return this.wrappedFactory.clientConnectionLost?.(connector, reason)
  }
}

/**
 * Adds policies to a factory: for code that is given a factory but no listen or connect options.
 *
 *     new WrappingFactory(site, [new LimitConnectionsByPeer(20), new IdleTimeout(60_000)])
 */
export class WrappingFactory<P extends ProtocolEvents = ProtocolEvents> extends ForwardingFactory<P> {
  readonly #added: readonly ConnectionPolicy[]

  /** @throws {TypeError} when `wrappedFactory` is not a factory, or `policies` is not a list of policies. */
  constructor(wrappedFactory: ProtocolFactory<P>, policies: readonly ConnectionPolicy[]) {
    super(wrappedFactory)
    checkValue('WrappingFactory', 'policies', policies, listOf(POLICY))
    this.#added = [...policies]
  }

  override get policies(): readonly ConnectionPolicy[] {
    return [...this.#added, ...(super.policies ?? [])]
  }

  override buildProtocol(peer: Address, session?: TLSSession): P | undefined {
    return this.wrappedFactory.buildProtocol(peer, session)
  }
}
