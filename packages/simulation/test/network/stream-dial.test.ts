import { Factory, ConnectionRefusedError, DNSLookupError } from '@ropewalk/core'
import { TimeoutError } from '@ropewalk/core/time'
import { describe, expect, test } from 'vitest'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting, TwoHosts } from '../two-hosts.ts'

describe('StreamDial', () => {
  const failure = async (hosts: TwoHosts, host: string, port: number, ms = 60_000): Promise<unknown> => {
    await hosts.sim.run(1)
    let why: unknown
    hosts.client.reactor
      .connectTCP(host, port, new OneProtocol(new Noting()), { timeoutMs: 20_000 })
      .whenConnected()
      .catch((error: unknown) => {
        why = error
      })
    await hosts.sim.run(ms)
    return why
  }

  test('connects by name, by address, and to its own host', async () => {
    const hosts = new TwoHosts()
    void hosts.server.reactor.listenTCP(9, Factory.forProtocol(Noting))
    await hosts.sim.run(1)
    for (const [reactor, host] of [
      [hosts.client.reactor, 'server'],
      [hosts.client.reactor, hosts.server.address],
      [hosts.server.reactor, 'localhost.invalid'],
      [hosts.server.reactor, '127.0.0.1'],
    ] as const) {
      const protocol = new Noting()
      reactor
        .connectTCP(host, 9, new OneProtocol(protocol), { timeoutMs: 1000 })
        .whenConnected()
        .catch(() => undefined)
      await hosts.sim.run(2000)
      expect(protocol.made).toBe(!host.endsWith('invalid'))
    }
  })

  test('is refused where no port listens, and fails for an unknown name', async () => {
    const hosts = new TwoHosts()
    expect(await failure(hosts, 'server', 8)).toBeInstanceOf(ConnectionRefusedError)
    expect(await failure(hosts, 'unknown', 7)).toBeInstanceOf(DNSLookupError)
    expect(hosts.client.reactor.getDelayedCalls()).toEqual([])
  })

  test('times out for a host that is down, and for an address without a host', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    hosts.server.crash()
    expect(await failure(hosts, 'server', 7)).toBeInstanceOf(TimeoutError)
    expect(await failure(hosts, '10.9.9.9', 7)).toBeInstanceOf(TimeoutError)
  })

  test('retries while the network loses its packets, and connects', async () => {
    const hosts = new TwoHosts({ link: { lossPerMille: 400 } })
    await hosts.connect()
    expect(hosts.asked.transport.getPeer()).toMatchObject({ host: hosts.server.address, port: 7 })
    expect(hosts.served.transport.getPeer()).toMatchObject({ host: hosts.client.address })
  })

  test('leaves no connection on either host when it is cancelled', async () => {
    const hosts = new TwoHosts({ link: { latencyMs: [10, 10] } })
    await hosts.sim.run(1)
    const connector = hosts.client.reactor.connectTCP('server', 7, new OneProtocol(hosts.asked))
    connector.whenConnected().catch(() => undefined)
    await hosts.sim.run(15)
    connector.stopConnecting()
    await hosts.sim.run(1000)
    expect([hosts.asked.made, hosts.server.life?.ends.size, hosts.client.life?.ends.size]).toEqual([
      false,
      0,
      0,
    ])
  })

  test('fails at once without a descriptor', async () => {
    const hosts = new TwoHosts()
    hosts.client.maxDescriptors = 0
    expect(await failure(hosts, 'server', 7, 100)).toMatchObject({ code: 'EMFILE' })
  })

  test('reaches only UNIX sockets of its own host', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    const [served, asked] = [new Noting(), new Noting()]
    await hosts.server.reactor.listenUNIX('/run/app', new OneProtocol(served))
    hosts.server.reactor.connectUNIX('/run/app', new OneProtocol(asked))
    const elsewhere = hosts.client.reactor.connectUNIX('/run/app', new OneProtocol(new Noting()))
    const refused = elsewhere.whenConnected().catch((error: unknown) => error)
    await hosts.sim.run(100)
    expect([served.made, asked.made]).toEqual([true, true])
    expect(await refused).toBeInstanceOf(ConnectionRefusedError)
  })
})
