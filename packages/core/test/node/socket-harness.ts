import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TransportCapability, TransportHarness } from '../../src/checks.ts'
import type { Recorder } from '../../src/checks/transport-harness.ts'
import { type Connector, createReactor, type ListeningPort, type Reactor } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { OneProtocol } from '../one-protocol.ts'
import * as certificates from '../tls/certificates.ts'

/** A harness over real sockets, with its clean-up. */
export interface SocketHarness extends TransportHarness {
  readonly reactor: Reactor
  abortAll(): Promise<void>
}

/** Connections over TCP on the loopback interface. */
export function tcpHarness(): SocketHarness {
  return socketHarness(new Set(['reset', 'backpressure']), {
    listen: (reactor, factory) => reactor.listenTCP(0, factory, { interface: '127.0.0.1' }),
    dial: (reactor, port, factory) => reactor.connectTCP('127.0.0.1', portOf(port), factory),
  })
}

/** Connections over UNIX sockets in a new directory. */
export function unixHarness(): SocketHarness {
  return socketHarness(new Set(['backpressure']), {
    listen: (reactor, factory) => reactor.listenUNIX(socketPath(), factory),
    dial: (reactor, port, factory) => reactor.connectUNIX(pathOf(port), factory),
  })
}

/** Connections over TLS over TCP. */
export function tlsHarness(): SocketHarness {
  return socketHarness(new Set(['backpressure']), {
    listen: (reactor, factory) =>
      reactor.listenSSL(0, factory, certificates.server, { interface: '127.0.0.1' }),
    dial: (reactor, port, factory) =>
      reactor.connectSSL('127.0.0.1', portOf(port), factory, { trustRoots: [certificates.root] }),
  })
}

/** The TCP port of a listening port. */
export function portOf(port: ListeningPort): number {
  const address = port.getHost()
  if (address.type !== 'TCP') throw new Error('It does not listen on TCP')
  return address.port
}

/** The path of a listening port. */
export function pathOf(port: ListeningPort): string {
  const address = port.getHost()
  if (address.type !== 'UNIX') throw new Error('It does not listen on a UNIX socket')
  return address.path
}

/** A path without a socket. */
export function socketPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'ropewalk-')), 'socket')
}

/** Waits, turn after turn, until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`It never came about that ${String(condition)}`)
    await turn()
  }
}

/** More turns than a delivery on the loopback interface takes. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await turn()
}

interface SocketKind {
  listen(reactor: Reactor, factory: OneProtocol<Recorder>): Promise<ListeningPort>
  dial(reactor: Reactor, port: ListeningPort, factory: OneProtocol<Recorder>): Connector
}

function socketHarness(capabilities: ReadonlySet<TransportCapability>, kind: SocketKind): SocketHarness {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })
  return {
    capabilities,
    logged,
    reactor,
    until,
    quiet,
    advance: () => {
      throw new Error('Cannot move the time of sockets')
    },
    connect: async (server, client) => {
      const port = await kind.listen(reactor, new OneProtocol(server))
      const connector = kind.dial(reactor, port, new OneProtocol(client))
      // A server that fails at once can reset the connection before the client is connected.
      await until(() => server.made && (client.made || connector.state === 'disconnected'))
      await port.stopListening()
      return {
        server: server.transport,
        get client() {
          return client.transport
        },
      }
    },
    abortAll: async () => {
      for (const transport of reactor.connections) transport.abortConnection()
      await until(() => Array.from(reactor.connections).length === 0)
    },
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const PATIENCE_MS = 10_000
