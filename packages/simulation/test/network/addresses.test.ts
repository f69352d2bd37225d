import { Factory, type TCPAddress, tcpAddress } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import type { SimulatedHost } from '../../src/index.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting, TwoHosts } from '../two-hosts.ts'

describe('addresses', () => {
  const outcome = async (
    { sim }: TwoHosts,
    from: SimulatedHost,
    to: string,
    port: number,
    bindAddress?: string,
  ): Promise<string> => {
    const protocol = new Noting()
    const connector = from.reactor.connectTCP(to, port, new OneProtocol(protocol), {
      timeoutMs: 2000,
      ...(bindAddress === undefined ? {} : { bindAddress }),
    })
    const failed = connector.whenConnected().then(
      () => 'connected',
      (error: Error) => error.name,
    )
    await sim.run(5000)
    if (!protocol.made) return failed
    const { host } = protocol.transport.getHost() as { host: string }
    protocol.transport.abortConnection()
    return host
  }

  test('a port on 127.0.0.1 or ::1 is reached from its own host only', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { server, client } = hosts
    const factory = Factory.forProtocol(Noting)
    await server.reactor.listenTCP(80, factory, { interface: '127.0.0.1' })
    await server.reactor.listenTCP(80, factory, { interface: '::1' })
    await server.reactor.listenTCP(80, factory, { interface: '127.0.0.2' })
    for (const to of ['127.0.0.1', 'localhost', '127.0.0.2', '0.0.0.0'])
      expect(await outcome(hosts, server, to, 80)).toBe('127.0.0.1')
    expect(await outcome(hosts, server, '::1', 80)).toBe('::1')
    expect(await outcome(hosts, server, server.address, 80)).toBe('ConnectionRefusedError')
    expect(await outcome(hosts, client, 'server', 80)).toBe('ConnectionRefusedError')
    expect(await outcome(hosts, client, '127.0.0.1', 80)).toBe('ConnectionRefusedError')
  })

  test('a port on one address excludes one on all, and the same number on another address does not', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { reactor, address, address6 } = hosts.server
    const factory = Factory.forProtocol(Noting)
    await reactor.listenTCP(80, factory, { interface: address })
    await reactor.listenTCP(80, factory, { interface: address6 })
    for (const taken of [address, '::', '0.0.0.0'])
      await expect(reactor.listenTCP(80, factory, { interface: taken })).rejects.toThrow('EADDRINUSE')
    await expect(reactor.listenTCP(80, factory, { interface: '10.9.9.9' })).rejects.toThrow('EADDRNOTAVAIL')
    expect(await outcome(hosts, hosts.client, address, 80)).toBe(hosts.client.address)
    expect(await outcome(hosts, hosts.client, address6, 80)).toBe(hosts.client.address6)
  })

  test('a port on :: accepts IPv4 unless it is for IPv6 only, and one on 0.0.0.0 accepts no IPv6', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { server, client } = hosts
    const factory = Factory.forProtocol(Noting)
    await server.reactor.listenTCP(80, factory, { interface: '::', ipv6Only: true })
    await server.reactor.listenTCP(81, factory, { interface: '0.0.0.0' })
    expect(await outcome(hosts, client, server.address, 80)).toBe('ConnectionRefusedError')
    expect(await outcome(hosts, client, server.address6, 80)).toBe(client.address6)
    expect(await outcome(hosts, client, server.address, 81)).toBe(client.address)
    expect(await outcome(hosts, client, server.address6, 81)).toBe('ConnectionRefusedError')
  })

  test('a client connects from the address it is given, if its host has it', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { server, client } = hosts
    expect(await outcome(hosts, client, server.address, 7, client.address)).toBe(client.address)
    expect(await outcome(hosts, client, server.address, 7, '10.9.9.9')).toBe('ConnectBindError')
    expect(await outcome(hosts, server, '127.0.0.1', 7, server.address)).toBe(server.address)
  })

  test('no two connections have the same two ends, however many there are and however often a client restarts', async () => {
    const hosts = new TwoHosts({ seed: 2, link: { latencyMs: [1, 1] } })
    await hosts.sim.run(1)
    const { sim, server, client } = hosts
    const factory = Factory.forProtocol(Noting)
    const port = await server.reactor.listenTCP(80, factory)
    const localPorts = new Set<number>()
    for (let life = 0; life < 5; life++) {
      const protocols = Array.from({ length: 10 }, () => new Noting())
      for (const protocol of protocols) client.reactor.connectTCP('server', 80, new OneProtocol(protocol))
      await sim.run(1000)
      for (const { transport } of protocols) localPorts.add((transport.getHost() as TCPAddress).port)
      client.crash()
      client.start()
      await sim.run(1)
    }
    const ends = Array.from(port.connections, (transport) => JSON.stringify(transport.getPeer()))
    expect(new Set(ends).size).toBe(ends.length)
    // Each life begins with another port.
    expect(localPorts.size).toBe(50)
  })

  test('a connection whose port numbers are all in use fails with EADDRNOTAVAIL', async () => {
    const hosts = new TwoHosts({ link: { latencyMs: [1, 1], bytesPerSecond: Infinity } })
    await hosts.sim.run(1)
    hosts.server.backlogFull = true
    const failures: unknown[] = []
    for (let count = 0; count < 16_385; count++)
      hosts.client.reactor
        .connectTCP(hosts.server.address, 7, new OneProtocol(new Noting()))
        .whenConnected()
        .catch((error: unknown) => failures.push(error))
    await hosts.sim.run(10)
    expect(failures).toEqual([expect.objectContaining({ code: 'EADDRNOTAVAIL' })])
  })

  test('port 0 is any free port, and fails with EADDRINUSE when none is free', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { reactor } = hosts.server
    const factory = Factory.forProtocol(Noting)
    const free = 50_000
    for (let port = 49_152; port <= 65_535; port++)
      if (port !== free) reactor.listenForWires(tcpAddress('::', port), 1, () => undefined)
    const last = await reactor.listenTCP(0, factory)
    expect(last.getHost().port).toBe(free)
    await expect(reactor.listenTCP(0, factory)).rejects.toMatchObject({
      name: 'CannotListenError',
      code: 'EADDRINUSE',
    })
  })

  test('a UNIX socket whose path is a number is another address than the port with that number', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { sim, server } = hosts
    const [tcp, unix] = [new Noting(), new Noting()]
    await server.reactor.listenTCP(80, new OneProtocol(tcp))
    const port = await server.reactor.listenUNIX('80', new OneProtocol(unix))
    server.reactor.connectUNIX('80', new OneProtocol(new Noting()))
    await sim.run(100)
    expect([tcp.made, unix.made]).toEqual([false, true])
    await port.stopListening()
    expect(await outcome(hosts, hosts.client, 'server', 80)).toBe(hosts.client.address)
  })

  test('the file of a UNIX socket stays after a crash, and is removed by a port that stops', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const { sim, server } = hosts
    const factory = Factory.forProtocol(Noting)
    const path = '/run/app'
    const connect = (): Promise<unknown> =>
      server.reactor
        .connectUNIX(path, new OneProtocol(new Noting()))
        .whenConnected()
        .catch((error: unknown) => error)
    const missing = connect()
    await sim.run(1)
    expect(await missing).toMatchObject({ code: 'ENOENT' })
    await server.reactor.listenUNIX(path, factory)
    server.crash()
    server.start()
    await sim.run(1)
    const stale = connect()
    await sim.run(1)
    expect(await stale).toMatchObject({ code: 'ECONNREFUSED' })
    await expect(server.reactor.listenUNIX(path, factory)).rejects.toThrow('EADDRINUSE')
    const port = await server.reactor.listenUNIX(path, factory, { removeStale: true })
    await port.stopListening()
    await expect(server.reactor.listenUNIX(path, factory)).resolves.toBeDefined()
  })
})
