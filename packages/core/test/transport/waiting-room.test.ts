import { describe, expect, test } from 'vitest'
import { LimitTotalConnections } from '../../src/policy/limit-total-connections.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { OneProtocol } from '../one-protocol.ts'
import { PolicedServer } from '../policy/policies.ts'

describe('WaitingRoom', () => {
  test('refuses at once beyond its room, and tells so at most once a minute', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 2 })
    const clients = Array.from({ length: 6 }, () => server.connect())
    server.reactor.pump()
    expect(clients.map(({ lost }) => lost)).toEqual([false, false, false, true, true, true])
    expect(server.reactor.logged.map(({ level, text }) => [level, text])).toEqual([
      ['warn', 'Connections are refused at a limit: 1 since last told'],
    ])
    server.reactor.advance(60_000)
    server.connect()
    server.connect()
    server.connect()
    server.reactor.pump()
    expect(server.reactor.logged.at(-1)?.text).toMatch(/refused at a limit: \d+ since last told/)
  })

  test('refuses those that have waited too long, the longest first', async () => {
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

  test('lets nobody overtake those that wait', async () => {
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

  test('forgets one that leaves while it waits', async () => {
    const server = await PolicedServer.listen({ maxConnections: 1 })
    const up = server.connect()
    const waiting = server.connect()
    waiting.transport.abortConnection()
    server.reactor.pump()
    up.transport.loseConnection()
    server.reactor.pump()
    expect(server.served.length).toBe(1)
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })

  test('lets an overflow protocol say why, and closes (row 183)', async () => {
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

  test('lets in who may come soon, though somebody waits who may not', async () => {
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

  test('has no more room than the reactor has for all ports together', async () => {
    class Small extends MemoryReactor {
      constructor() {
        super()
        Object.defineProperty(this.host, 'hasRoomToWait', { get: () => false })
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
