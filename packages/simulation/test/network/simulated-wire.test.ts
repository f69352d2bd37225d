import { Factory } from '@ropewalk/core'
import { checksFor, wireChecks } from '@ropewalk/core/checks'
import { LimitTotalConnections } from '@ropewalk/core/policies'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/simulation.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting, TwoHosts } from '../two-hosts.ts'
import { simulatedWires } from './simulated-wires.ts'

describe('SimulatedWire', () => {
  describe('as a wire', () => {
    test.each(
      checksFor(simulatedWires().capabilities, wireChecks).map((check) => [check.name, check] as const),
    )('%s', async (_name, check) => {
      await expect(check.run(simulatedWires())).resolves.toBeUndefined()
    })
  })

  test('delivers nothing while its program has paused it, and continues after resume', async () => {
    const hosts = await TwoHosts.connected()
    hosts.served.transport.pauseProducing()
    hosts.asked.transport.write(Buffer.alloc(200_000, 1))
    await hosts.sim.run(5000)
    expect([hosts.served.bytes.length, hosts.asked.transport.bufferedBytes > 0]).toEqual([0, true])
    hosts.served.transport.resumeProducing()
    await hosts.sim.run(5000)
    expect([hosts.served.bytes.length, hosts.asked.transport.bufferedBytes]).toEqual([200_000, 0])
  })

  test('closes once both sides have sent their FIN', async () => {
    const hosts = await TwoHosts.connected()
    hosts.asked.transport.loseConnection()
    await hosts.sim.run(1000)
    expect([...hosts.served.losses, ...hosts.asked.losses].map(({ name }) => name)).toEqual([
      'ConnectionDone',
      'ConnectionDone',
    ])
    expect([hosts.server.life?.ends.size, hosts.client.life?.ends.size]).toEqual([0, 0])
  })

  test('resets the peer at its next write when the reset of an abort was lost', async () => {
    const hosts = await TwoHosts.connected()
    hosts.sim.partition(hosts.client, hosts.server)
    hosts.asked.transport.abortConnection()
    await hosts.sim.run(1000)
    hosts.sim.heal(hosts.client, hosts.server)
    await hosts.sim.run(10_000)
    expect(hosts.served.losses).toEqual([])
    hosts.served.transport.write('is anybody there?')
    await hosts.sim.run(1000)
    expect(hosts.served.losses.map(({ name }) => name)).toEqual(['ConnectionLost'])
  })

  test('keeps bytes received before the program accepts it', async () => {
    const hosts = await TwoHosts.unaccepted()
    hosts.asked.transport.write('early')
    await hosts.sim.run(100)
    expect(hosts.served.made).toBe(false)
    hosts.server.goOn()
    await hosts.sim.run(100)
    expect(hosts.served.bytes.toString()).toBe('early')
  })

  test('is not accepted when it was broken before', async () => {
    const hosts = await TwoHosts.unaccepted()
    hosts.asked.transport.write('early')
    hosts.asked.transport.abortConnection()
    await hosts.sim.run(100)
    hosts.server.maxDescriptors = 1
    hosts.server.goOn()
    await hosts.sim.run(100)
    expect([hosts.served.made, hosts.served.losses]).toEqual([false, []])
    expect([hosts.server.life?.ends.size, hosts.server.life?.takeDescriptor()]).toEqual([0, true])
  })

  test('keeps bytes received while a policy lets the connection wait', async () => {
    const sim = new Simulation({ seed: 1 })
    const served: Noting[] = []
    const factory = new (class extends Factory<Noting> {
      override buildProtocol(): Noting {
        const noting = new Noting()
        served.push(noting)
        return noting
      }
    })()
    sim.host('server', (reactor) =>
      reactor.listenTCP(7, factory, { policies: [new LimitTotalConnections(1)] }),
    )
    const { reactor } = sim.host('client', () => undefined)
    const clients = [new Noting(), new Noting()]
    await sim.run(10)
    for (const client of clients) reactor.connectTCP('server', 7, new OneProtocol(client))
    await sim.run(100)
    for (const client of clients) client.transport.write('hello')
    await sim.run(100)
    expect(served.map(({ bytes }) => bytes.toString())).toEqual(['hello'])
    served[0]?.transport.loseConnection()
    await sim.run(1000)
    expect(served.map(({ bytes }) => bytes.toString())).toEqual(['hello', 'hello'])
  })
})
