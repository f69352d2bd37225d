import { CannotListenError, Factory } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting, TwoHosts } from '../two-hosts.ts'

describe('SimulatedPort', () => {
  const dial = (hosts: TwoHosts, port: number): Noting => {
    const protocol = new Noting()
    hosts.client.reactor
      .connectTCP('server', port, new OneProtocol(protocol))
      .whenConnected()
      .catch(() => undefined)
    return protocol
  }

  test('refuses a second port on its address, until it stops', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { reactor } = hosts.server
    const factory = Factory.forProtocol(Noting)
    await expect(reactor.listenTCP(7, factory)).rejects.toBeInstanceOf(CannotListenError)
    const free = await reactor.listenTCP(0, factory)
    expect(free.getHost()).toMatchObject({ host: '::' })
    await free.stopListening()
    await free[Symbol.asyncDispose]()
    expect(factory.numPorts).toBe(0)
  })

  test('refuses connections while it is suspended, and accepts them after', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const port = await hosts.server.reactor.listenTCP(8, Factory.forProtocol(Noting))
    await port.suspend()
    const refused = dial(hosts, 8)
    await hosts.sim.run(1000)
    await port.resume()
    const served = dial(hosts, 8)
    await hosts.sim.run(1000)
    expect([refused.made, served.made, port.connections.size]).toEqual([false, true, 1])
  })

  test('queues one connection more than its backlog while its program is paused; the others retry', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const port = await hosts.server.reactor.listenTCP(8, Factory.forProtocol(Noting), { backlog: 2 })
    hosts.server.pause()
    const clients = Array.from({ length: 4 }, () => dial(hosts, 8))
    await hosts.sim.run(900)
    expect(clients.filter(({ made }) => made)).toHaveLength(3)
    hosts.server.goOn()
    await hosts.sim.run(10_000)
    expect([clients.filter(({ made }) => made).length, port.connections.size]).toEqual([4, 4])
  })

  test('resets the connections in its backlog when it stops', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const port = await hosts.server.reactor.listenTCP(8, Factory.forProtocol(Noting))
    hosts.server.pause()
    const client = dial(hosts, 8)
    await hosts.sim.run(1000)
    expect(client.made).toBe(true)
    await port.stopListening()
    await hosts.sim.run(1000)
    expect(client.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })

  test('frees the place of a client that gives up in the middle of a handshake', async () => {
    const hosts = new TwoHosts({ link: { latencyMs: [10, 10] } })
    await hosts.sim.run(1)
    await hosts.server.reactor.listenTCP(8, Factory.forProtocol(Noting), { backlog: 1 })
    for (let attempt = 0; attempt < 3; attempt++) {
      const connector = hosts.client.reactor.connectTCP('server', 8, new OneProtocol(new Noting()))
      connector.whenConnected().catch(() => undefined)
      await hosts.sim.run(15)
      connector.stopConnecting()
      await hosts.sim.run(100)
    }
    const client = dial(hosts, 8)
    await hosts.sim.run(100)
    expect(client.made).toBe(true)
  })

  test('drops its backlog when its host crashes: a client is reset at its next write', async () => {
    const hosts = await TwoHosts.unaccepted()
    hosts.server.crash()
    hosts.server.start()
    hosts.asked.transport.write('is anybody there?')
    await hosts.sim.run(1000)
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })

  test.each(['suspend', 'stopListening'] as const)(
    'resets a connection whose handshake completes after %s',
    async (end) => {
      const hosts = new TwoHosts({ link: { latencyMs: [10, 10] } })
      await hosts.sim.run(1)
      const served = new Noting()
      const port = await hosts.server.reactor.listenTCP(8, new OneProtocol(served))
      const client = dial(hosts, 8)
      await hosts.sim.run(15)
      void port[end]()
      await hosts.sim.run(1000)
      expect([served.made, client.losses.map(({ name }) => name)]).toEqual([false, ['ConnectionLost']])
    },
  )
})
