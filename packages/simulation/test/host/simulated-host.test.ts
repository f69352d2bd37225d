import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/simulation.ts'
import { TwoHosts } from '../two-hosts.ts'

describe('SimulatedHost', () => {
  test('keeps only its files when it starts again', async () => {
    const [sim, starts] = [new Simulation({ seed: 1 }), [] as unknown[]]
    const host = sim.host('one', async (reactor) => {
      starts.push([await reactor.readFile('/state').then(String, () => 'nothing'), reactor.now()])
      host.files.set('/state', 'something')
      reactor.callLater(500, () => starts.push('never'))
    })
    await sim.run(100)
    host.crash()
    host.crash()
    expect(() => host.reactor).toThrow('Cannot use the reactor of one: it is down')
    await sim.run(1000)
    host.start()
    host.start()
    await sim.run(100)
    expect(starts).toEqual([
      ['nothing', 0],
      ['something', 0],
    ])
  })

  test('runs the calls queued during a pause in order when it continues', async () => {
    const hosts = await TwoHosts.connected()
    const calls: string[] = []
    hosts.server.pause()
    hosts.server.reactor.callLater(10, () => calls.push('timer'))
    hosts.asked.transport.write('hello')
    await hosts.sim.run(1000)
    expect([calls, hosts.served.bytes.length]).toEqual([[], 0])
    hosts.server.goOn()
    await hosts.sim.run(1000)
    expect([calls, hosts.served.bytes.toString()]).toEqual([['timer'], 'hello'])
  })

  test('that is both paused and frozen continues when both have ended', async () => {
    const hosts = await TwoHosts.connected()
    const { server, sim } = hosts
    hosts.asked.transport.write('hello')
    server.pause()
    server.freeze()
    server.pause()
    server.freeze()
    server.goOn()
    await sim.run(5000)
    expect(hosts.served.bytes.length).toBe(0)
    server.pause()
    server.thaw()
    await sim.run(10_000)
    expect(hosts.served.bytes.length).toBe(0)
    server.goOn()
    server.goOn()
    server.thaw()
    await sim.run(1000)
    expect(hosts.served.bytes.toString()).toBe('hello')
  })

  test('is neither frozen nor paused when it starts again', async () => {
    const hosts = await TwoHosts.connected()
    const { server, sim } = hosts
    server.pause()
    server.freeze()
    server.crash()
    server.pause()
    server.freeze()
    await sim.run(10)
    server.start()
    await hosts.connect()
    expect(server.reactor.now()).toBeGreaterThan(0)
  })
})
