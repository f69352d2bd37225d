import { Factory, Protocol } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting, TwoHosts } from '../two-hosts.ts'

describe('packets that have left', () => {
  test('arrive although their sender lost its power just after', async () => {
    const hosts = await TwoHosts.connected({ link: { latencyMs: [5, 20] } })
    hosts.asked.transport.write('acknowledged')
    await hosts.sim.run(0.5)
    hosts.client.crash()
    await hosts.sim.run(1000)
    expect(hosts.served.bytes.toString()).toBe('acknowledged')
  })

  test('arrive although their connection was aborted just after, in nearly all runs', async () => {
    let arrived = 0
    for (let seed = 0; seed < 100; seed++) {
      const hosts = await TwoHosts.connected({ seed, limits: { cuts: 'none' } })
      hosts.asked.transport.write('put')
      await hosts.sim.run(0.5)
      hosts.asked.transport.abortConnection()
      await hosts.sim.run(1000)
      if (hosts.served.bytes.toString() === 'put') arrived++
      expect(hosts.served.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
    }
    expect(arrived).toBeGreaterThan(90)
  })

  test('arrive when a link that was held is released, after the client has given up', async () => {
    const hosts = await TwoHosts.connected()
    hosts.sim.network.link(hosts.client, hosts.server).setHeld(true)
    hosts.asked.transport.write('late')
    await hosts.sim.run(1000)
    hosts.asked.transport.abortConnection()
    await hosts.sim.run(4000)
    hosts.sim.network.link(hosts.client, hosts.server).setHeld(false)
    await hosts.sim.run(1000)
    expect(hosts.served.bytes.toString()).toBe('late')
  })
})

describe('a machine that lost its power', () => {
  test('sends nothing more of a connection that its program had closed, and resets the peer when it is back', async () => {
    const hosts = await TwoHosts.connected()
    hosts.asked.transport.pauseProducing()
    hosts.served.transport.write(Buffer.alloc(300_000))
    hosts.served.transport.loseConnection()
    await hosts.sim.run(1000)
    hosts.server.crash()
    await hosts.sim.run(1000)
    hosts.server.start()
    await hosts.sim.run(1000)
    hosts.asked.transport.resumeProducing()
    await hosts.sim.run(60_000)
    hosts.asked.transport.write('is this connection still there?')
    await hosts.sim.run(60_000)
    expect(hosts.asked.bytes.length).toBeLessThan(300_000)
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })

  test('does not repeat the SYN-ACK of its former life: the client is greeted by the new one', async () => {
    class Greeting extends Protocol {
      override connectionMade(): void {
        this.transport.write('hello')
      }
    }
    for (let seed = 0; seed < 20; seed++) {
      const sim = new Simulation({ seed, link: { latencyMs: [10, 10] } })
      const server = sim.host('server', (reactor) => reactor.listenTCP(7, Factory.forProtocol(Greeting)))
      const client = sim.host('client', () => undefined)
      await sim.run(1)
      const asked = new Noting()
      client.reactor.connectTCP('server', 7, new OneProtocol(asked))
      // The SYN arrives, and the reply to it is lost.
      sim.network.link(server, client).setDown(true)
      await sim.run(12)
      server.crash()
      await sim.run(500)
      server.start()
      sim.network.link(server, client).setDown(false)
      await sim.run(10_000)
      expect(asked.bytes.toString()).toBe('hello')
    }
  })

  test('sends nothing at all, neither bytes nor acknowledgements', async () => {
    const hosts = await TwoHosts.connected()
    hosts.asked.transport.write(Buffer.alloc(50_000))
    hosts.served.transport.write(Buffer.alloc(50_000))
    await hosts.sim.run(3)
    hosts.server.crash()
    const { trace, nowMs } = hosts.sim
    await hosts.sim.run(60_000)
    // What had left before takes at most 20 ms.
    const late = trace.arrows.filter(({ from, to, atMs }) => from === 'server' && to && atMs > nowMs + 25)
    expect(late).toEqual([])
  })

  test('is found by a sender that waits for its window', async () => {
    const hosts = await TwoHosts.connected()
    hosts.served.transport.pauseProducing()
    hosts.asked.transport.write(Buffer.alloc(300_000))
    await hosts.sim.run(5000)
    hosts.server.crash()
    await hosts.sim.run(1000)
    hosts.server.start()
    await hosts.sim.run(200_000)
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })

  test('is found by keepalive', async () => {
    const hosts = await TwoHosts.connected()
    hosts.asked.transport.setTcpKeepAlive(true, 60_000)
    hosts.server.crash()
    await hosts.sim.run(120_000)
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })
})

test('a client can be connected to a server that has not accepted it', async () => {
  const hosts = new TwoHosts({ link: { latencyMs: [10, 10] } })
  await hosts.sim.run(1)
  hosts.client.reactor.connectTCP('server', 7, new OneProtocol(hosts.asked))
  await hosts.sim.runUntil(() => hosts.asked.made)
  hosts.sim.network.link(hosts.client, hosts.server).setDown(true)
  await hosts.sim.run(20_000)
  expect([hosts.asked.made, hosts.served.made]).toEqual([true, false])
  hosts.sim.network.link(hosts.client, hosts.server).setDown(false)
  hosts.asked.transport.write('hello')
  await hosts.sim.run(40_000)
  expect(hosts.served.bytes.toString()).toBe('hello')
})

test('the TCP of a frozen machine is frozen: its connection is not lost, however long that takes', async () => {
  const hosts = await TwoHosts.connected()
  hosts.asked.transport.write('just before')
  await hosts.sim.run(0.1)
  hosts.client.freeze()
  await hosts.sim.run(400_000)
  expect(hosts.asked.losses).toEqual([])
  hosts.client.thaw()
  hosts.asked.transport.write(', and after')
  await hosts.sim.run(60_000)
  expect([hosts.served.bytes.toString(), hosts.asked.losses]).toEqual(['just before, and after', []])
})

describe('a program that is killed', () => {
  test('has its bytes sent, its connections closed and its ports refuse, until it starts again', async () => {
    const hosts = await TwoHosts.connected()
    hosts.served.transport.write('the last words')
    await hosts.sim.run(0.01)
    hosts.server.kill()
    await hosts.sim.run(1000)
    expect([hosts.asked.bytes.toString(), hosts.server.isDown]).toEqual(['the last words', true])
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionDone'])
    const refused = hosts.client.reactor.connectTCP('server', 7, new OneProtocol(new Noting()))
    const why = refused.whenConnected().catch((error: Error) => error.name)
    await hosts.sim.run(1000)
    expect(await why).toBe('ConnectionRefusedError')
    hosts.server.start()
    await hosts.connect()
    expect(hosts.served.losses).toEqual([])
  })

  test('has connections with unread bytes, and those it has not accepted, reset', async () => {
    const hosts = await TwoHosts.unaccepted()
    hosts.server.kill()
    await hosts.sim.run(1000)
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
    const paused = await TwoHosts.connected()
    paused.served.transport.pauseProducing()
    paused.asked.transport.write(Buffer.alloc(300_000))
    await paused.sim.run(1000)
    paused.server.kill()
    await paused.sim.run(1000)
    expect(paused.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })
})

test.each([
  [false, 'ConnectionLost'],
  [true, 'ConnectionDone'],
])(
  'with resetsLookLikeEnds %s, a reset at once after bytes is notified as %s',
  async (looksLikeEnd, name) => {
    const hosts = await TwoHosts.connected({ link: { latencyMs: [5, 5] }, limits: { cuts: 'none' } })
    hosts.client.resetsLookLikeEnds = looksLikeEnd
    hosts.served.transport.write(Buffer.alloc(1000))
    await hosts.sim.run(0.5)
    hosts.served.transport.abortConnection()
    await hosts.sim.run(1000)
    expect(hosts.asked.bytes.length).toBe(1000)
    expect(hosts.asked.losses.map((loss) => loss.name)).toEqual([name])
  },
)

test('a reset long after bytes is notified as a loss, also with resetsLookLikeEnds', async () => {
  const hosts = await TwoHosts.connected()
  hosts.client.resetsLookLikeEnds = true
  hosts.served.transport.write('hello')
  await hosts.sim.run(1000)
  hosts.served.transport.abortConnection()
  await hosts.sim.run(1000)
  expect(hosts.asked.losses.map((loss) => loss.name)).toEqual(['ConnectionLost'])
})

test('a program that changes what it receives changes neither the trace nor what is sent again', async () => {
  class Overwriting extends Protocol {
    override dataReceived(data: Buffer): void {
      data.fill('x')
    }
  }
  const sim = new Simulation({ seed: 1, limits: { cuts: 'none' } })
  sim.host('server', (reactor) => reactor.listenTCP(7, Factory.forProtocol(Overwriting)))
  const { reactor } = sim.host('client', () => undefined)
  await sim.run(1)
  const client = new Noting()
  reactor.connectTCP('server', 7, new OneProtocol(client))
  await sim.runUntil(() => client.made)
  client.transport.write('hello')
  await sim.run(100)
  expect(sim.trace.recentLines.at(-1)).toMatch(/5 bytes "hello"$/)
})
