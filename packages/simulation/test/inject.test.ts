import { ConnectionRefusedError } from '@ropewalk/core'
import { TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { describe, expect, test } from 'vitest'
import type { FaultKind } from '../src/faults.ts'
import { OneProtocol } from './simulated-harness.ts'
import type { SimulatedHost } from '../src/index.ts'
import { Noting, TwoHosts } from './two-hosts.ts'

describe('faults', () => {
  const happen = async (kind: FaultKind, forMs = 1000): Promise<TwoHosts> => {
    const hosts = await TwoHosts.connected()
    hosts.sim.inject({ kind, atMs: 0, forMs, one: 'server', other: 'client' })
    await hosts.sim.run(1)
    hosts.asked.transport.write('hello')
    return hosts
  }

  test.each(['partition', 'one way', 'hold', 'stand still', 'slow link', 'slow reader'] as const)(
    'a %s delays bytes, and loses none once it is over',
    async (kind) => {
      const hosts = await happen(kind)
      await hosts.sim.run(30_000)
      expect([hosts.served.bytes.toString(), hosts.served.losses]).toEqual(['hello', []])
      expect(hosts.sim.faultsSeen).toEqual({ [kind]: 1 })
    },
  )

  test('faults that overlap do not undo each other, nor what the test has set', async () => {
    const { sim, server, client } = await TwoHosts.connected()
    const link = sim.network.link(server, client)
    const fault = (kind: FaultKind, atMs: number, forMs: number): void =>
      sim.inject({ kind, atMs, forMs, one: 'server', other: 'client' })
    sim.partition(server, client)
    server.readDelayMs = 20
    server.backlogFull = true
    server.maxDescriptors = 7
    server.setClockRate(0.5)
    server.names = { delayMs: 9 }
    link.conditions = { ...link.conditions, bytesPerSecond: 1000 }
    fault('partition', 0, 100)
    fault('one way', 10, 20)
    fault('slow reader', 0, 50)
    fault('full backlog', 0, 50)
    fault('no descriptors', 0, 50)
    fault('fast clock', 0, 50)
    fault('slow names', 0, 50)
    fault('slow link', 0, 50)
    sim.at(sim.nowMs + 40, () => sim.heal(server, client))
    await sim.run(45)
    expect([link.down, server.readDelayMs, server.maxDescriptors, server.names.delayMs]).toEqual([
      true,
      50,
      0,
      3000,
    ])
    await sim.run(10)
    expect([link.down, server.readDelayMs, server.maxDescriptors, server.names.delayMs]).toEqual([
      true,
      20,
      7,
      9,
    ])
    expect([server.backlogFull, link.conditions.bytesPerSecond]).toEqual([true, 1000])
    const nowMs = server.reactor.now()
    await sim.run(10)
    expect(server.reactor.now() - nowMs).toBeCloseTo(5)
    await sim.run(50)
    expect(link.down).toBe(false)
  })

  test('a host that the test has crashed stays down when the crash of a fault is over', async () => {
    const { sim, server } = await TwoHosts.connected()
    sim.inject({ kind: 'crash', atMs: 0, forMs: 50, one: 'server', other: 'client' })
    sim.inject({ kind: 'freeze', atMs: 200, forMs: 100, one: 'server', other: 'client' })
    sim.at(sim.nowMs + 20, () => server.crash())
    sim.at(sim.nowMs + 100, () => server.start())
    await sim.run(80)
    expect(server.isDown).toBe(true)
    await sim.run(100)
    expect(server.isDown).toBe(false)
    await sim.run(100)
    expect(server.isSilent).toBe(true)
    server.thaw()
    expect(server.isSilent).toBe(true)
    await sim.run(100)
    expect(server.isSilent).toBe(false)
  })

  test('a killed program is started again: its system closes its connections, and refuses new ones', async () => {
    const hosts = await happen('kill', 100)
    expect(hosts.server.isDown).toBe(true)
    await hosts.sim.run(50)
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionDone'])
    const endpoint = new TCPClientEndpoint(hosts.client.reactor, 'server', 7)
    const refused = endpoint.connect(new OneProtocol(new Noting())).catch((error: unknown) => error)
    await hosts.sim.run(45)
    expect(await refused).toBeInstanceOf(ConnectionRefusedError)
    await hosts.sim.run(50)
    expect([hosts.server.isDown, hosts.server.life?.ports.length]).toEqual([false, 1])
  })

  test('a crash during the kill of a fault takes the power, and the longer of the two counts', async () => {
    const { sim, server } = await TwoHosts.connected()
    sim.inject({ kind: 'kill', atMs: 0, forMs: 100, one: 'server', other: 'client' })
    sim.inject({ kind: 'crash', atMs: 20, forMs: 100, one: 'server', other: 'client' })
    await sim.run(10)
    expect([server.isDown, server.isSilent]).toEqual([true, false])
    await sim.run(100)
    expect([server.isDown, server.isSilent]).toEqual([true, true])
    await sim.run(20)
    expect([server.isDown, server.isSilent]).toEqual([false, false])
  })

  test('a pause ends with a crash, also that of a fault that lasts longer', async () => {
    const { sim, server } = await TwoHosts.connected()
    sim.inject({ kind: 'stand still', atMs: 0, forMs: 500, one: 'server', other: 'client' })
    sim.at(sim.nowMs + 50, () => server.crash())
    sim.at(sim.nowMs + 60, () => server.start())
    await sim.run(100)
    expect(server.life?.ports.length).toBe(1)
  })

  test('what was held back arrives in an event of a run', async () => {
    const { sim, server, client, asked, served } = await TwoHosts.connected()
    const link = sim.network.link(client, server)
    link.setHeld(true)
    asked.transport.write('hello')
    await sim.run(100)
    link.setHeld(false)
    expect(served.bytes.length).toBe(0)
    await sim.run(0)
    expect(served.bytes.toString()).toBe('hello')
  })

  test('a reset breaks the connection at one end or at both, and at the other end when it writes', async () => {
    const brokenAt = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const hosts = await TwoHosts.connected({ seed })
      hosts.sim.inject({ kind: 'reset', atMs: 0, forMs: 1, one: 'server', other: 'client' })
      await hosts.sim.run(1000)
      expect(hosts.sim.network.stats.resets).toBeGreaterThan(0)
      const lost = [hosts.served, hosts.asked].map(({ losses }) => losses.length).join()
      brokenAt.add(lost)
      const noted = ['server', 'client'].map((name) => `${name} receives a RST`)
      expect(noted.map((line) => hosts.sim.trace.lines.filter((each) => each.endsWith(line)).length)).toEqual(
        lost.split(',').map(Number),
      )
      for (const { transport } of [hosts.served, hosts.asked]) transport.write('is it still there?')
      await hosts.sim.run(1000)
      expect([...hosts.served.losses, ...hosts.asked.losses].map(({ name }) => name)).toEqual([
        'ConnectionLost',
        'ConnectionLost',
      ])
    }
    expect([...brokenAt].toSorted()).toEqual(['0,1', '1,0', '1,1'])
  })

  test('a crash drops everything, and the host starts again with a new run', async () => {
    const hosts = await happen('crash')
    await hosts.sim.run(60_000)
    expect(hosts.served.losses).toEqual([])
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
    expect([hosts.server.isDown, hosts.server.life?.ports.length]).toEqual([false, 1])
  })

  test('without descriptors a host closes the connections that it accepts, until some are free', async () => {
    const hosts = new TwoHosts()
    hosts.sim.inject({ kind: 'no descriptors', atMs: 0, forMs: 2000, one: 'server', other: 'client' })
    await hosts.sim.run(10)
    hosts.client.reactor.connectTCP('server', 7, new OneProtocol(hosts.asked))
    await hosts.sim.run(1000)
    expect([hosts.asked.made, hosts.served.made]).toEqual([true, false])
    expect(hosts.asked.losses.map(({ name }) => name)).toEqual(['ConnectionDone'])
    await hosts.sim.run(2000)
    hosts.client.reactor.connectTCP('server', 7, new OneProtocol(new Noting()))
    await hosts.sim.run(1000)
    expect(hosts.served.made).toBe(true)
  })

  test('a fast clock and a calendar jump affect only their host', async () => {
    const hosts = await happen('fast clock', 10_000)
    hosts.sim.inject({ kind: 'calendar jump', atMs: 0, forMs: 1, one: 'server', other: 'client' })
    const before = [hosts.server.reactor.now(), hosts.client.reactor.now()]
    const calendar = hosts.server.reactor.wallClock()
    await hosts.sim.run(1000)
    const [server = 0, client = 0] = before
    expect(hosts.server.reactor.now() - server).toBeCloseTo(1500)
    expect(hosts.client.reactor.now() - client).toBeCloseTo(1000)
    expect(hosts.server.reactor.wallClock()).toBeLessThan(calendar)
  })

  test('the clock of a frozen host does not show the time of the freeze', async () => {
    const hosts = await TwoHosts.connected()
    const times: number[] = []
    hosts.server.reactor.callLater(2000, () => times.push(hosts.server.reactor.now()))
    hosts.sim.inject({ kind: 'freeze', atMs: 500, forMs: 10_000, one: 'server', other: 'client' })
    await hosts.sim.run(600)
    const [before, fromMs] = [hosts.server.reactor.now(), hosts.sim.nowMs]
    hosts.asked.transport.write('hello')
    await hosts.sim.run(9800)
    expect([hosts.server.reactor.now(), times, hosts.served.bytes.length]).toEqual([before, [], 0])
    await hosts.sim.run(30_000)
    expect(hosts.served.bytes.toString()).toBe('hello')
    expect(times).toHaveLength(1)
    expect(hosts.sim.nowMs - fromMs - (hosts.server.reactor.now() - before)).toBeCloseTo(10_000 - 100, 5)
  })

  test('an attempt to connect to a full backlog is dropped, and retried until it succeeds', async () => {
    const hosts = new TwoHosts()
    hosts.sim.inject({ kind: 'full backlog', atMs: 0, forMs: 5000, one: 'server', other: 'client' })
    await hosts.sim.run(1)
    hosts.client.reactor.connectTCP('server', 7, new OneProtocol(hosts.asked))
    await hosts.sim.run(4900)
    expect([hosts.asked.made, hosts.served.made]).toEqual([false, false])
    await hosts.sim.run(10_000)
    expect([hosts.asked.made, hosts.served.made]).toEqual([true, true])
  })

  test('a slow reader fills the buffers, and its sender waits', async () => {
    const hosts = await TwoHosts.connected()
    hosts.sim.inject({ kind: 'slow reader', atMs: 0, forMs: 20_000, one: 'server', other: 'client' })
    await hosts.sim.run(1)
    const sent = hosts.sim.random.bytes(400_000)
    hosts.asked.transport.write(sent)
    await hosts.sim.run(2000)
    expect(hosts.served.bytes.length).toBeGreaterThan(0)
    expect(hosts.asked.transport.bufferedBytes).toBeGreaterThan(100_000)
    await hosts.sim.run(60_000)
    expect(hosts.served.bytes.equals(sent)).toBe(true)
  })

  test('a disk is slow, full, or fails to sync, for one host only', async () => {
    const { sim, server, client } = new TwoHosts()
    const attempts: string[] = []
    const attempt = async ({ name, reactor }: SimulatedHost): Promise<void> => {
      const fromMs = reactor.now()
      const failed = (error: NodeJS.ErrnoException): string => error.code ?? ''
      const written = await reactor.disk.append('/log', 'x').then(() => 'written', failed)
      const synced = await reactor.disk.fsync('/log').then(() => 'synced', failed)
      attempts.push([name, written, synced, reactor.now() - fromMs >= 100 ? 'slow' : 'quick'].join(' '))
    }
    const during = async (kind: FaultKind): Promise<void> => {
      sim.inject({ kind, atMs: 0, forMs: 10_000, one: 'server', other: 'client' })
      await sim.run(1)
      for (const host of [client, server]) {
        host.execute(() => attempt(host))
        await sim.run(5000)
      }
    }
    for (const kind of ['slow disk', 'full disk', 'failing fsync'] as const) await during(kind)
    server.execute(() => attempt(server))
    await sim.run(1000)
    expect(attempts).toEqual([
      'client written synced quick',
      'server written synced slow',
      'client written synced quick',
      'server ENOSPC synced quick',
      'client written synced quick',
      'server written EIO quick',
      'server written synced quick',
    ])
  })

  test('lookups fail or are slow for one host only', async () => {
    const hosts = new TwoHosts()
    hosts.sim.inject({ kind: 'no names', atMs: 0, forMs: 1000, one: 'client', other: 'server' })
    await hosts.sim.run(1)
    const asked = hosts.client.reactor.lookup('server').then(String, (error: Error) => error.message)
    const own = hosts.server.reactor.lookup('client').then(String)
    await hosts.sim.run(1000)
    expect([await asked, await own]).toEqual([expect.stringContaining('did not respond'), '10.0.0.2'])

    hosts.sim.inject({ kind: 'slow names', atMs: 0, forMs: 1000, one: 'client', other: 'server' })
    await hosts.sim.run(1)
    const addresses: string[] = []
    void hosts.client.reactor.lookup('server').then((found) => addresses.push(String(found)))
    await hosts.sim.run(2900)
    expect(addresses).toEqual([])
    await hosts.sim.run(200)
    expect(addresses).toEqual(['10.0.0.1'])
  })
})
