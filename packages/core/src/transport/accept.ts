import type { Address } from '../contracts/address.ts'
import type { ProtocolFactory } from '../contracts/protocol-events.ts'
import { StreamTransport } from './stream-transport.ts'
import type { TransportHost } from './transport-host.ts'
import type { ConnectedWire } from '../contracts/wire.ts'

/** Gives an accepted wire a protocol of `factory`, or closes it when the factory refuses or fails. */
export function accept(host: TransportHost, factory: ProtocolFactory, accepted: ConnectedWire): void {
  const { wire, localAddress, peerAddress } = accepted
  const protocol = build(host, factory, peerAddress)
  if (protocol === undefined) return wire.close()
  const transport = new StreamTransport({ host, wire, localAddress, peerAddress })
  accepted.attach(transport)
  transport.begin(protocol)
}

function build(
  host: TransportHost,
  factory: ProtocolFactory,
  peer: Address,
): ReturnType<ProtocolFactory['buildProtocol']> {
  try {
    return factory.buildProtocol(peer)
  } catch (error) {
    host.reactor.log({ level: 'error', text: 'A factory failed; the connection is refused', error })
    return undefined
  }
}
