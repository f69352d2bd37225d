import { describe, expect, test } from 'vitest'
import { LimitTotalConnections } from '../../src/policies.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { PolicedServer } from '../policy/policies.ts'

describe('AcceptQueue', () => {
  test('refuses at once when the queue is full, and logs that at most once a minute', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 2 })
    const clients = Array.from({ length: 6 }, () => server.connect())
    server.reactor.pump()
    expect(clients.map(({ lost }) => lost)).toEqual([false, false, false, true, true, true])
    const text = 'Connections are refused at a limit: {count} since the last such line'
    expect(server.reactor.logged).toMatchObject([{ level: 'warn', text, fields: { count: 1 } }])
    server.reactor.advance(60_000)
    server.connect()
    server.connect()
    server.connect()
    server.reactor.pump()
    expect(server.reactor.logged.at(-1)).toMatchObject({ text, fields: { count: expect.any(Number) } })
  })

  test('refuses connections when their wait expires, the oldest first', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaitMs: 1000 })
    server.connect()
    const first = server.connect()
    server.reactor.advance(400)
    const second = server.connect()
    server.reactor.advance(600)
    server.reactor.pump()
    expect([first.lost, second.lost]).toEqual([true, false])
    server.reactor.advance(400)
    server.reactor.pump()
    expect(second.lost).toBe(true)
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })

  test('admits connections in the order of their arrival', async () => {
    const policy = new LimitTotalConnections(1)
    const server = await PolicedServer.listen({ policies: [policy] })
    const [up, waiting] = [server.connect(), server.connect()]
    up.transport.loseConnection()
    const late = server.connect()
    waiting.transport.write('first')
    late.transport.write('second')
    server.reactor.pump()
    expect(server.served.map(({ text }) => text)).toEqual(['', 'first'])
  })

  test.each([
    ['ends', (client: Recorder): void => client.transport.loseConnection()],
    ['resets', (client: Recorder): void => client.transport.abortConnection()],
  ])('drops a connection that %s while it waits, and queues another in its place', async (_how, leave) => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 1 })
    const [up, waiting] = [server.connect(), server.connect()]
    leave(waiting)
    server.reactor.pump()
    expect(waiting.lost).toBe(true)
    const [second, third] = [server.connect(), server.connect()]
    expect([second.lost, third.lost]).toEqual([false, true])
    up.transport.loseConnection()
    server.reactor.pump()
    second.transport.write('in turn')
    server.reactor.pump()
    expect(server.served.map(({ text }) => text)).toEqual(['', 'in turn'])
    second.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })

  test('drops all connections that end, so that none of them takes the place of another', async () => {
    const server = await PolicedServer.listen({ maxConnections: 2 })
    const clients = Array.from({ length: 40 }, () => server.connect())
    for (const client of clients.toReversed()) {
      client.transport.loseConnection()
      server.reactor.pump()
    }
    expect([server.served.length, clients.every(({ lost }) => lost)]).toEqual([2, true])
    const late = server.connect()
    late.transport.write('served')
    server.reactor.pump()
    expect(late.text).toBe('served')
    late.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })

  test('serves a connection that sent a request and a FIN while it waited', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1 })
    const [up, waiting] = [server.connect(), server.connect()]
    waiting.transport.write('request')
    waiting.transport.loseWriteConnection()
    server.reactor.pump()
    expect([server.served.length, waiting.lost]).toEqual([1, false])
    up.transport.loseConnection()
    server.reactor.pump()
    expect([server.served[1]?.text, server.served[1]?.reason?.name]).toEqual(['request', 'ConnectionDone'])
    expect([waiting.text, waiting.reason?.name]).toEqual(['request', 'ConnectionDone'])
    expect(await server.leftovers()).toEqual([])
  })

  test('admits exactly maxConnections, and queues exactly maxWaiting', async () => {
    const server = await PolicedServer.listen({ maxConnections: 2, maxWaiting: 3 })
    const clients = Array.from({ length: 6 }, () => server.connect())
    expect(server.served.length).toBe(2)
    expect(clients.map(({ lost }) => lost)).toEqual([false, false, false, false, false, true])
    clients[0]?.transport.loseConnection()
    server.reactor.pump()
    expect(server.served.length).toBe(3)
    const [seventh, eighth] = [server.connect(), server.connect()]
    expect([seventh.lost, eighth.lost]).toEqual([false, true])
    for (const client of clients) client.transport.loseConnection()
    seventh.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })

  test('refuses at once when maxWaiting is 0', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 0 })
    expect([server.connect().lost, server.connect().lost]).toEqual([false, true])
    expect(server.reactor.logged).toMatchObject([{ fields: { count: 1 } }])
  })

  test('lets a connection wait for exactly maxWaitMs', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaitMs: 1000 })
    const [up, waiting] = [server.connect(), server.connect()]
    server.reactor.advance(999)
    expect(waiting.lost).toBe(false)
    server.reactor.advance(1)
    expect(waiting.reason?.name).toBe('ConnectionDone')
    up.transport.loseConnection()
    server.reactor.pump()
    const [next, last] = [server.connect(), server.connect()]
    server.reactor.advance(999)
    next.transport.loseConnection()
    server.reactor.pump()
    expect([server.served.length, last.lost]).toEqual([3, false])
    last.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })

  test('refuses all waiting connections when its port stops, and no longer counts them', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1 })
    const [up, ...waiting] = Array.from({ length: 4 }, () => server.connect())
    await server.port.stopListening()
    server.reactor.pump()
    expect(waiting.map(({ reason }) => reason?.name)).toEqual(Array(3).fill('ConnectionDone'))
    up?.transport.loseConnection()
    expect(await server.leftovers()).toEqual([])
  })

  test('reports to the reactor how many connections wait', async () => {
    const counts: number[] = []
    class Counted extends MemoryReactor {
      constructor() {
        super()
        const { registry } = this
        const changed = registry.waitingChanged.bind(registry)
        let waiting = 0
        registry.waitingChanged = (by) => {
          counts.push((waiting += by))
          changed(by)
        }
      }
    }
    const reactor = new Counted()
    const port = await reactor.listenTCP(80, new OneProtocol(new Recorder()), { maxConnections: 0 })
    const clients = Array.from({ length: 3 }, () => new Recorder())
    for (const client of clients) reactor.connectTCP('localhost', 80, new OneProtocol(client))
    reactor.pump()
    clients[0]?.transport.loseConnection()
    clients[1]?.transport.abortConnection()
    reactor.pump()
    expect(counts).toEqual([1, 2, 3, 2, 1])
    await port.stopListening()
    expect(counts.at(-1)).toBe(0)
  })

  test('lets an overflow protocol send a reason, and closes', async () => {
    const overflow = new OneProtocol(
      new (class extends Recorder {
        override connectionMade(): void {
          this.transport.write('full, come back later')
        }
      })(),
    )
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 0, overflow })
    server.connect()
    const refused = server.connect()
    server.reactor.pump()
    expect([refused.text, refused.reason?.name]).toEqual(['full, come back later', 'ConnectionDone'])
  })

  test('admits a connection after its delay, even if an earlier one must wait longer', async () => {
    let inMs: number | undefined
    const server = await PolicedServer.listen({
      maxConnections: 2,
      policies: [{ admits: () => (inMs === undefined ? 'now' : inMs === 0 ? 'later' : { inMs }) }],
    })
    server.connect()
    inMs = 0
    server.connect()
    inMs = 200
    server.connect()
    inMs = undefined
    server.reactor.advance(200)
    expect(server.served).toHaveLength(2)
  })

  test('refuses when the reactor allows no more waiting connections on all its ports', async () => {
    class Small extends MemoryReactor {
      constructor() {
        super()
        Object.defineProperty(this.registry, 'hasWaitingCapacity', { get: () => false })
      }
    }
    const reactor = new Small()
    await reactor.listenTCP(80, new OneProtocol(new Recorder()), { maxConnections: 0 })
    const client = new Recorder()
    reactor.connectTCP('localhost', 80, new OneProtocol(client))
    reactor.pump()
    expect(client.lost).toBe(true)
  })
})
