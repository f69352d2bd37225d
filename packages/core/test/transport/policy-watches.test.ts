import { describe, expect, test } from 'vitest'
import { ConnectionAborted } from '../../src/index.ts'
import { type ConnectionPolicy, IdleTimeout, LimitTotalConnections, Throttle } from '../../src/policies.ts'
import { StringTransport } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { PolicyWatches } from '../../src/transport/policy-watches.ts'
import { PolicedServer } from '../policy/policies.ts'

describe('Watches', () => {
  test('has no watch when no policy returns one', () => {
    const transport = StringTransport.connect(new Recorder())
    const watches = new PolicyWatches(transport, () => undefined)
    expect([watches.addWatchesOf([]), watches.addWatchesOf([{ accepted: () => undefined }])]).toEqual([
      false,
      false,
    ])
    expect(watches.addWatchesOf([{ accepted: () => ({}) }])).toBe(true)
  })

  test('observes what a later policy writes, such as a PROXY header', async () => {
    const written: string[] = []
    const watching: ConnectionPolicy = { accepted: () => ({ written: (data) => written.push(String(data)) }) }
    const writing: ConnectionPolicy = { accepted: (transport) => void transport.write('first') }
    const server = await PolicedServer.listen({ policies: [watching, writing] })
    const client = server.connect()
    server.reactor.pump()
    expect([written, client.text]).toEqual([['first'], 'first'])
  })

  test('observes writes of a producer after loseConnection, and no dropped writes', async () => {
    const written: string[] = []
    const watching: ConnectionPolicy = { accepted: () => ({ written: (data) => written.push(String(data)) }) }
    const server = await PolicedServer.listen({ policies: [watching] })
    server.connect()
    const transport = server.served[0]?.transport
    transport?.registerProducer({ pauseProducing() {}, resumeProducing() {}, stopProducing() {} }, true)
    transport?.loseConnection()
    transport?.write('the rest')
    transport?.unregisterProducer()
    transport?.write('too late')
    server.reactor.pump()
    expect(written).toEqual(['the rest'])
  })

  test('observes sent output, delays and our FIN', async () => {
    const seen: string[] = []
    const watching: ConnectionPolicy = {
      accepted: () => ({
        sent: () => seen.push('sent'),
        heldUp: (what, forMs) => seen.push(`${what} held up for ${forMs}`),
        ended: () => seen.push('ended'),
        closed: () => seen.push('closed'),
      }),
    }
    const rates = new Throttle({ readBytesPerSecond: 10, writeBytesPerSecond: 10 })
    const server = await PolicedServer.listen({ policies: [watching, rates] })
    const client = server.connect()
    client.transport.write('x'.repeat(12))
    server.reactor.pump()
    expect(seen.splice(0)).toEqual(['reading held up for 300', 'sent', 'sending held up for 100'])
    server.reactor.advance(100)
    expect(seen.splice(0)).toEqual(['sent', 'sending held up for 100'])
    server.served[0]?.transport.loseConnection()
    server.reactor.advance(100)
    expect(seen).toEqual(['sending held up for 100', 'sent', 'ended', 'closed'])
  })

  test.each(['accepted', 'received', 'written', 'sent', 'ended', 'closed'] as const)(
    'aborts only its own connection for a fault in %s',
    async (where) => {
      const fault = new Error(`a policy failed in ${where}`)
      const fail = (): never => {
        throw fault
      }
      const policy: ConnectionPolicy = {
        accepted: where === 'accepted' ? fail : () => ({ [where]: fail }),
      }
      const server = await PolicedServer.listen({ policies: [policy] })
      const client = server.connect()
      client.transport.write('x')
      server.reactor.pump()
      client.transport.loseConnection()
      server.reactor.pump()
      const [served] = server.served
      expect(server.reactor.logged.map(({ error }) => error)).toContain(fault)
      expect(served?.losses.length).toBe(1)
      if (where !== 'closed')
        expect(served?.reason).toMatchObject({ name: ConnectionAborted.name, cause: fault })
      expect([...server.reactor.connections]).toEqual([])
    },
  )

  test.each(['accepted', 'closed'] as const)(
    'notifies the other watches of the end when one fails in %s, so that no count and no timer is left',
    async (where) => {
      const fail = (): never => {
        throw new Error(`a policy failed in ${where}`)
      }
      const failing = { accepted: where === 'accepted' ? fail : () => ({ closed: fail }) }
      const [before, after] = [new LimitTotalConnections(1), new LimitTotalConnections(1)]
      const policies = [before, new IdleTimeout(60_000), failing, after, new IdleTimeout(60_000)]
      const server = await PolicedServer.listen({ policies })
      server.connect().transport.loseConnection()
      server.reactor.pump()
      expect([before.count, after.count, server.reactor.getDelayedCalls()]).toEqual([0, 0, []])
    },
  )

  test.each<[string, () => unknown, string]>([
    ['a promise', () => Promise.resolve({}), 'Cannot watch a connection with a promise'],
    [
      'a promise that rejects',
      () => Promise.reject(new Error('no')),
      'Cannot watch a connection with a promise',
    ],
    ['a number', () => 7, 'Cannot watch a connection with a number'],
  ])('refuses %s as a watch, and aborts the connection', async (_what, given, message) => {
    const server = await PolicedServer.listen({ policies: [{ accepted: given as () => undefined }] })
    server.connect()
    await server.reactor.settle()
    expect(server.reactor.logged.map(({ error }) => String(error))).toEqual([
      expect.stringContaining(message),
    ])
    expect([...server.reactor.connections]).toEqual([])
  })

  test('accepts null as no watch', async () => {
    const server = await PolicedServer.listen({ policies: [{ accepted: () => null as never }] })
    server.connect().transport.write('x')
    await server.reactor.settle()
    expect([server.reactor.logged, server.served[0]?.text]).toEqual([[], 'x'])
  })

  test.each(['received', 'written', 'closed'] as const)(
    'logs the rejection of an asynchronous %s',
    async (where) => {
      const fault = new Error(`a policy failed in ${where}`)
      const policy: ConnectionPolicy = { accepted: () => ({ [where]: () => Promise.reject(fault) }) }
      const server = await PolicedServer.listen({ policies: [policy] })
      const client = server.connect()
      client.transport.write('x')
      await server.reactor.settle()
      client.transport.loseConnection()
      await server.reactor.settle()
      expect(server.reactor.logged.map(({ error }) => error)).toContain(fault)
      if (where !== 'closed')
        expect(server.served[0]?.reason).toMatchObject({ name: ConnectionAborted.name, cause: fault })
    },
  )

  test.each(
    (['readRate', 'writeRate'] as const).flatMap((rate) =>
      (['available', 'take', 'waitMs'] as const).map((method) => [method, rate] as const),
    ),
  )('aborts only its own connection for a fault in %s of a %s', async (method, which) => {
    const fault = new Error(`a rate failed in ${method}`)
    const rate = {
      available: () => (method === 'take' ? 10 : 0),
      take: () => undefined,
      waitMs: () => 10,
      [method]: () => {
        throw fault
      },
    }
    const server = await PolicedServer.listen({ policies: [{ accepted: () => ({ [which]: rate }) }] })
    const client = server.connect()
    client.transport.write('x')
    server.reactor.pump()
    expect(server.served[0]?.losses).toHaveLength(1)
    expect(server.served[0]?.reason).toMatchObject({ name: ConnectionAborted.name, cause: fault })
    expect(server.reactor.logged.map(({ error }) => error)).toEqual([fault])
    expect([client.lost, server.reactor.getDelayedCalls()]).toEqual([true, []])
  })
})
