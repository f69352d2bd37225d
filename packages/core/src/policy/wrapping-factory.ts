import type { Address } from '../contracts/address.ts'
import type { Connector } from '../contracts/connector.ts'
import type { ConnectionPolicy } from '../contracts/policy.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { TLSSession } from '../contracts/tls.ts'
import type { ConnectionClosed } from '../errors.ts'

/**
 * Another factory with policies added: for those who pass factories on rather than options.
 *
 *     new WrappingFactory(site, [new LimitConnectionsByPeer(20), new IdleTimeout(60_000)])
 */
export class WrappingFactory<P extends ProtocolEvents = ProtocolEvents> implements ProtocolFactory<P> {
  readonly wrappedFactory: ProtocolFactory<P>
  readonly policies: readonly ConnectionPolicy[]

  constructor(wrappedFactory: ProtocolFactory<P>, policies: readonly ConnectionPolicy[]) {
    this.wrappedFactory = wrappedFactory
    this.policies = [...policies, ...(wrappedFactory.policies ?? [])]
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

  buildProtocol(peer: Address, session?: TLSSession): P | undefined {
    return this.wrappedFactory.buildProtocol(peer, session)
  }

  startedConnecting(connector: Connector): unknown {
    return this.wrappedFactory.startedConnecting?.(connector)
  }

  clientConnectionFailed(connector: Connector, reason: Error): unknown {
    return this.wrappedFactory.clientConnectionFailed?.(connector, reason)
  }

  clientConnectionLost(connector: Connector, reason: ConnectionClosed): unknown {
    return this.wrappedFactory.clientConnectionLost?.(connector, reason)
  }
}
