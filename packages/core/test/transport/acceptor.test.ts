import { describe, expect, test } from 'vitest'
import { type Address, Factory, type ProtocolEvents, tcpAddress } from '../../src/index.ts'
import { Acceptor } from '../../src/reactor.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { PolicedServer } from '../policy/policies.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('Acceptor', () => {
  const [localAddress, peerAddress] = [tcpAddress('127.0.0.1', 80), tcpAddress('192.0.2.1', 5000)]
  const acceptWith = (
    build: (peer: Address) => ProtocolEvents | undefined,
  ): { reactor: MemoryReactor; log: string[] } => {
    const [reactor, wire] = [new MemoryReactor(), new RecordingWire()]
    const factory = new (class extends Factory {
      override buildProtocol(peer: Address): ProtocolEvents | undefined {
        return build(peer)
      }
    })()
    const attach = (): void => void wire.calls.push('attached')
    new Acceptor(reactor.registry, factory).accept({ wire, localAddress, peerAddress, attach })
    return { reactor, log: wire.calls }
  }

  test("connects the factory's protocol and starts to read", () => {
    const protocol = new Recorder()
    const { reactor, log } = acceptWith((peer) => (peer === peerAddress ? protocol : undefined))
    expect([log, protocol.made]).toEqual([['attached'], true])
    expect([...reactor.connections]).toEqual([protocol.transport])
  })

  test('closes a connection that the factory refuses', () => {
    const { reactor, log } = acceptWith(() => undefined)
    expect([log, reactor.connections.size, reactor.logged]).toEqual([['close'], 0, []])
  })

  test('logs the error of a factory that throws, and closes the connection', () => {
    const fault = new Error('no protocol today')
    const { reactor, log } = acceptWith(() => {
      throw fault
    })
    expect([log, reactor.connections.size]).toEqual([['close'], 0])
    expect(reactor.logged.map(({ error }) => error)).toEqual([fault])
  })

  test('logs the error of a policy that throws, and refuses the connection when its wait expires', async () => {
    const fault = new Error('a fault')
    const admits = (): never => {
      throw fault
    }
    const server = await PolicedServer.listen({ policies: [{ admits }], maxWaitMs: 1000 })
    const client = server.connect()
    expect(server.reactor.logged.map(({ error }) => error)).toEqual([fault])
    server.reactor.advance(1000)
    expect([client.lost, server.served, server.reactor.getDelayedCalls()]).toEqual([true, [], []])
  })

  test.each([Number.NaN, 'soon', Promise.resolve('now')])(
    'logs an error when a policy returns %j, and keeps the connection waiting',
    async (returned) => {
      const admits = (): never => (typeof returned === 'number' ? { inMs: returned } : returned) as never
      const server = await PolicedServer.listen({ policies: [{ admits }] })
      server.connect()
      expect([server.served, String(server.reactor.logged[0]?.error)]).toMatchObject([
        [],
        expect.stringContaining('Cannot use what admits of a policy returned'),
      ])
    },
  )

  test('sends refused connections the reason without counting them', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 0, overflow: FULL })
    const first = server.connect()
    const others = Array.from({ length: 200 }, () => server.connect())
    const withReason = others.filter(({ text }) => text === 'full')
    expect([withReason.length, server.reactor.connections.size]).toEqual([200, 2])
    first.transport.loseConnection()
    server.reactor.pump()
    const next = server.connect()
    expect([next.lost, server.served.length]).toEqual([false, 2])
  })

  test('sends the reason to at most 64 refused connections at a time', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 0, overflow: FULL })
    const up = server.connect()
    // They do not close their side, so each close lingers.
    const refused = Array.from({ length: 65 }, () => server.connect(new HalfCloseRecorder()))
    expect(refused.map(({ text }) => text)).toEqual([...Array<string>(64).fill('full'), ''])
    expect([server.served.length, server.port.connections.size]).toEqual([1, 1])
    refused[0]?.transport.loseConnection()
    server.reactor.pump()
    refused.push(server.connect(new HalfCloseRecorder()), server.connect(new HalfCloseRecorder()))
    expect(refused.slice(-2).map(({ text }) => text)).toEqual(['full', ''])
    for (const client of [up, ...refused]) if (!client.lost) client.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })

  test.each([0, 1, 3])('connects exactly %i connections at a time', async (maxConnections) => {
    const server = await PolicedServer.listen({ maxConnections })
    const clients = Array.from({ length: maxConnections + 1 }, () => server.connect())
    expect([server.port.connections.size, server.reactor.connections.size]).toEqual([
      maxConnections,
      maxConnections + clients.length,
    ])
    clients[0]?.transport.loseConnection()
    server.reactor.pump()
    expect(server.port.connections.size).toBe(maxConnections)
    for (const client of clients) if (!client.lost) client.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })
})

/** Sends the reason to a connection that is refused. */
class Full extends Recorder {
  override connectionMade(): void {
    this.transport.write('full')
  }
}

const FULL = Factory.forProtocol(Full)
