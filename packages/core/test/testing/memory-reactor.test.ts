import { describe, expect, test } from 'vitest'
import type { TransportHarness } from '../../src/checks.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { CannotListenError, ConnectionRefusedError, Factory, Protocol } from '../../src/index.ts'
import { connectedPair, leftovers, MemoryReactor } from '../../src/testing.ts'
import { Deadline } from '../../src/time.ts'
import { memoryHarness, pairHarness } from '../memory-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { runChecks } from '../run-checks.ts'

function portHarness(): TransportHarness {
  const reactor = new MemoryReactor()
  return memoryHarness(reactor, async (server, client) => {
    const port = await reactor.listenTCP(0, new OneProtocol(server))
    const address = port.getHost()
    reactor.connectTCP('127.0.0.1', address.type === 'TCP' ? address.port : 0, new OneProtocol(client))
    await reactor.settle()
    await port.stopListening()
    return { server: server.transport, client: client.transport }
  })
}

describe('MemoryReactor', () => {
  describe('passes the transport checks over its ports', () => {
    runChecks(portHarness)
  })

  test('delivers nothing until it is pumped', async () => {
    const reactor = new MemoryReactor()
    const server = new Recorder()
    await reactor.listenTCP(80, new OneProtocol(server))
    const connector = reactor.connectTCP('127.0.0.1', 80, new OneProtocol(new Recorder()))
    await Promise.resolve()
    expect([server.made, connector.state]).toEqual([false, 'connecting'])
    reactor.pump()
    expect([server.made, connector.state]).toEqual([true, 'connected'])
  })

  test('gives every connection its own client port, seen by both ends', async () => {
    const reactor = new MemoryReactor()
    const [server, client] = [new Recorder(), new Recorder()]
    await reactor.listenTCP(80, new OneProtocol(server))
    reactor.connectTCP('127.0.0.1', 80, new OneProtocol(client))
    reactor.pump()
    expect(server.transport.getPeer()).toEqual(client.transport.getHost())
    expect(client.transport.getPeer()).toEqual(server.transport.getHost())
    expect(server.transport.getHost()).toMatchObject({ type: 'TCP', port: 80 })
  })

  test('connects by UNIX path, and removes a path when its port stops', async () => {
    const reactor = new MemoryReactor()
    const server = new Recorder()
    const port = await reactor.listenUNIX('/run/app', new OneProtocol(server))
    reactor.connectUNIX('/run/app', new OneProtocol(new Recorder()))
    reactor.pump()
    expect(server.made).toBe(true)
    await port.stopListening()
    const refused = reactor.connectUNIX('/run/app', new OneProtocol(new Recorder())).whenConnected()
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionRefusedError)
  })

  test('refuses a port in use, without starting the factory', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const factory = new OneProtocol(new Recorder())
    const refused = await reactor.listenTCP(80, factory).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(CannotListenError)
    expect(refused).toMatchObject({ code: 'EADDRINUSE', address: { port: 80 } })
    expect(factory.numPorts).toBe(0)
  })

  test('pump throws instead of running for ever', () => {
    const reactor = new MemoryReactor()
    const forever = { turnEnded: (): void => reactor.registry.turn.schedule(forever) }
    reactor.registry.turn.schedule(forever)
    expect(() => reactor.pump()).toThrow('still busy after 100000 turns')
  })

  test('settle ends a turn only after its promise jobs', async () => {
    const reactor = new MemoryReactor()
    const order: string[] = []
    reactor.registry.turn.schedule({ turnEnded: () => order.push('turn') })
    void Promise.resolve()
      .then(() => order.push('first'))
      .then(() => order.push('second'))
    await reactor.settle()
    expect(order).toEqual(['first', 'second', 'turn'])
  })

  test('advance moves time and delivers what the calls wrote', async () => {
    const reactor = new MemoryReactor()
    const [server, client] = [new Recorder(), new Recorder()]
    await reactor.listenTCP(80, new OneProtocol(server))
    reactor.connectTCP('127.0.0.1', 80, new OneProtocol(client))
    reactor.pump()
    reactor.callLater(10, () => client.transport.write('later'))
    reactor.advance(9)
    expect(server.text).toBe('')
    reactor.advance(1)
    expect(server.text).toBe('later')
    expect(reactor.now()).toBe(10)
  })

  test('logs the throw or the rejection of a delayed call, and continues', async () => {
    const reactor = new MemoryReactor()
    const ran: string[] = []
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    reactor.callLater(1, () => {
      throw thrown
    })
    reactor.callLater(1, () => Promise.reject(rejected))
    reactor.callLater(1, () => ran.push('next'))
    reactor.advance(1)
    await reactor.settle()
    expect(ran).toEqual(['next'])
    expect(reactor.logged.map(({ error }) => error)).toEqual([thrown, rejected])
  })

  test('returns the same random bytes in every run', () => {
    const [one, other] = [new MemoryReactor(), new MemoryReactor()]
    expect(one.randomBytes(16)).toEqual(other.randomBytes(16))
    expect(one.randomBytes(16)).not.toEqual(other.randomBytes(15))
    expect(new Set(one.randomBytes(256)).size).toBeGreaterThan(100)
  })
})

class Silent extends Protocol {}

test('finds nothing in a new reactor, and nothing after its connections have ended', () => {
  const reactor = new MemoryReactor()
  expect(leftovers(reactor)).toEqual([])
  const { server } = connectedPair(new Silent(), new Silent(), { reactor })
  server.abortConnection()
  reactor.pump()
  expect(leftovers(reactor)).toEqual([])
})

test('names open connections, delayed calls and deadlines', () => {
  const reactor = new MemoryReactor()
  connectedPair(new Silent(), new Silent(), { reactor })
  new Deadline(reactor, () => undefined).set(500)
  reactor.callLater(1_000, () => undefined)
  expect(leftovers(reactor)).toEqual([
    'the connection Silent 1 127.0.0.1:50000',
    'the connection Silent 2 127.0.0.1:80',
    'a call in 100 ms',
    'a call in 1000 ms',
    '1 deadline of connections',
  ])
})

test('finds a connection that is still counted as queued after its port has closed', async () => {
  const reactor = new MemoryReactor()
  const port = await reactor.listenTCP(80, Factory.forProtocol(Silent), { maxConnections: 0 })
  const connector = reactor.connectTCP('127.0.0.1', 80, Factory.forProtocol(Silent))
  reactor.pump()
  expect(reactor.registry.leftovers).toEqual([])
  connector.disconnect()
  await port.stopListening()
  await reactor.settle()
  expect(leftovers(reactor)).toEqual([])
  reactor.registry.waitingChanged(1)
  expect(leftovers(reactor)).toEqual(['1 connection counted as waiting'])
})

describe('connectedPair', () => {
  runChecks(pairHarness)
})
