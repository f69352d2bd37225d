import { tcpAddress } from '../addresses.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import { transportOptions } from '../transport/transport-options.ts'
import { MemoryReactor } from './memory-reactor.ts'
import { MemoryWire } from './memory-wire.ts'

/** Two protocols connected to each other in memory. */
export interface ConnectedPair {
  readonly reactor: MemoryReactor
  readonly server: StreamTransport
  readonly client: StreamTransport
}

/** Options of `connectedPair`. */
export interface ConnectedPairOptions {
  /** Default: a new reactor. */
  readonly reactor?: MemoryReactor
  readonly options?: Partial<TransportOptions>
}

/** Connects two protocols in memory; calls the server's `makeConnection` first. `reactor.pump()` delivers the bytes. */
export function connectedPair(
  serverProtocol: ProtocolEvents,
  clientProtocol: ProtocolEvents,
  { reactor = new MemoryReactor(), options: given }: ConnectedPairOptions = {},
): ConnectedPair {
  const [serverWire, clientWire] = MemoryWire.pair(reactor.registry.turn)
  const { registry } = reactor
  const options = transportOptions(given)
  const [serverAddress, clientAddress] = [tcpAddress('127.0.0.1', 80), tcpAddress('127.0.0.1', 50_000)]
  const server = new StreamTransport({
    registry,
    wire: serverWire,
    localAddress: serverAddress,
    peerAddress: clientAddress,
    options,
  })
  const client = new StreamTransport({
    registry,
    wire: clientWire,
    localAddress: clientAddress,
    peerAddress: serverAddress,
    options,
  })
  serverWire.attach(server)
  clientWire.attach(client)
  server.begin(serverProtocol)
  client.begin(clientProtocol)
  return { reactor, server, client }
}
