import type { Address } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY, POLICY } from '../options/object-rules.ts'
import { listOf } from '../options/option-rules.ts'

/**
 * A factory that stands before another one for a single attempt of an endpoint. The other's rules, names and uses
 * are forwarded; the callbacks about connectors are not, because the caller of `connect` decides about another attempt.
 */
export abstract class AttemptFactory<
  P extends ProtocolEvents = ProtocolEvents,
  W extends ProtocolEvents = P,
> implements ProtocolFactory<P> {
  /** The factory that is stood in for. */
  readonly wrappedFactory: ProtocolFactory<W>

  /** @throws {TypeError} for what is no factory. */
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

/** A factory that stands before another one, for ports and connectors: all that they call is forwarded. */
export abstract class ForwardingFactory<
  P extends ProtocolEvents = ProtocolEvents,
  W extends ProtocolEvents = P,
> extends AttemptFactory<P, W> {
  /** A connection is being made. */
  startedConnecting(connector: Connector): unknown {
    return this.wrappedFactory.startedConnecting?.(connector)
  }

  /** A connection could not be made. */
  clientConnectionFailed(connector: Connector, reason: Error): unknown {
    return this.wrappedFactory.clientConnectionFailed?.(connector, reason)
  }

  /** A connection was made and is gone. */
  clientConnectionLost(connector: Connector, reason: ConnectionClosed): unknown {
    return this.wrappedFactory.clientConnectionLost?.(connector, reason)
  }
}

/**
 * Another factory with policies added: for those who pass factories on rather than options.
 *
 *     new WrappingFactory(site, [new LimitConnectionsByPeer(20), new IdleTimeout(60_000)])
 */
export class WrappingFactory<P extends ProtocolEvents = ProtocolEvents> extends ForwardingFactory<P> {
  readonly #added: readonly ConnectionPolicy[]

  /** @throws {TypeError} for what is no factory, or no list of policies. */
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
