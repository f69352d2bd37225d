import { createHash } from 'node:crypto'
import { Factory } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { LoopingCall } from '@ropewalk/core/time'
import { describe, expect, test } from 'vitest'
import { SimulationFailed } from '../src/run-loop.ts'
import { Simulation } from '../src/simulation.ts'
import { Noting, TwoHosts } from './two-hosts.ts'

/** Runs a simulation with loss, cuts and faults, and resolves with its trace. */
async function traceOf(seed: number): Promise<string> {
  const sim = new Simulation({ seed, link: { lossPerMille: 20 } })
  class Echo extends Noting {
    override dataReceived(data: Buffer): void {
      this.transport.write(data)
    }
  }
  sim.host('server', (reactor) => reactor.listenTCP(7, Factory.forProtocol(Echo)))
  for (const name of ['one', 'two'])
    sim.host(name, async (reactor) => {
      const endpoint = new TCPClientEndpoint(reactor, 'server', 7, { timeoutMs: 5000 })
      const protocol = await connectProtocol(endpoint, new Noting()).catch(() => undefined)
      for (let count = 0; count < 5; count++) protocol?.transport.write(reactor.randomBytes(1000))
    })
  sim.injectFaults({ withinMs: 1000 })
  await sim.run(30_000)
  return sim.trace.toString()
}

const GIVE_A_HOST = 'give a host of this simulation, which sim.host or sim.node returned'

describe('Simulation', () => {
  test('shows its seed alone in reports of tests', () => {
    expect(JSON.stringify(new Simulation({ seed: 7 }))).toBe('{"seed":"7"}')
  })

  test('gives the same trace for the same seed, and another trace for another seed', async () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    const traces = await Promise.all(seeds.map(traceOf))
    for (const [seed, trace] of traces.entries()) expect(await traceOf(seed)).toBe(trace)
    expect(new Set(traces).size).toBe(seeds.length)
  })

  test('gives the same trace for a seed on every version of Node', async () => {
    const digest = createHash('sha256')
      .update(await traceOf(1))
      .digest('hex')
    expect(digest).toBe(TRACE_OF_SEED_1)
  })

  test('passes virtual time without waiting', async () => {
    const [sim, times] = [new Simulation({ seed: 1 }), [] as number[]]
    sim.host('only', (reactor) => {
      void new LoopingCall(() => times.push(reactor.now())).start(1000, { reactor })
    })
    sim.at(2500, () => times.push(-1))
    await sim.run(3500)
    expect([sim.nowMs, times]).toEqual([3500, [0, 1000, 2000, -1, 3000]])
  })

  test('runUntil stops when its condition holds, and rejects when it never does', async () => {
    const hosts = new TwoHosts()
    await hosts.sim.runUntil(() => hosts.sim.nowMs > 0.5 || hosts.server.life !== undefined)
    const never = hosts.sim.runUntil(() => false, { timeoutMs: 1000 })
    await expect(never).rejects.toMatchObject({ name: 'SimulationFailed', seed: '1' })
    await expect(never).rejects.toThrow(
      /^Seed 1 at .*: runUntil: the condition did not hold within 1000 ms$/m,
    )
  })

  test('runUntilIdle runs until no event is left', async () => {
    const hosts = await TwoHosts.connected()
    hosts.asked.transport.write('hello')
    hosts.asked.transport.loseConnection()
    await hosts.sim.runUntilIdle()
    expect([hosts.served.bytes.toString(), hosts.served.losses.length]).toEqual(['hello', 1])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no')
      },
    ],
  ])('fails with its seed when a program %s', async (_how, program) => {
    const sim = new Simulation({ seed: 'x' })
    sim.host('bad', program)
    const failed = sim.run(10)
    await expect(failed).rejects.toBeInstanceOf(SimulationFailed)
    await expect(failed).rejects.toThrow('Seed x at 0.000 ms: bad failed: no')
  })

  test('fails with its seed and the time when a call of `at` throws or rejects', async () => {
    for (const call of [
      (): never => {
        throw new Error('no')
      },
      async (): Promise<never> => {
        throw new Error('no')
      },
    ]) {
      const sim = new Simulation({ seed: 'x' })
      sim.at(5, call)
      await expect(sim.run(10)).rejects.toThrow('Seed x at 5.000 ms: A call of sim.at failed: no')
    }
  })

  test('fails a program that waits in a loop for time to pass', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.host('busy', (reactor) => {
      while (reactor.now() < 10);
    })
    await expect(sim.run(100)).rejects.toThrow('busy waits in a loop for time to pass: use reactor.callLater')
  })

  test('fails a program whose calls are all due at the current time', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.host('restless', (reactor) => {
      const again = (): void => void reactor.callLater(0, again)
      again()
    })
    await expect(sim.run(100)).rejects.toThrow('Virtual time did not advance in 20000 events')
  })

  test('partitions two hosts in one direction, and heals the partition', async () => {
    const hosts = await TwoHosts.connected()
    hosts.sim.partition(hosts.client, hosts.server, { oneWay: true })
    hosts.asked.transport.write('one')
    hosts.served.transport.write('two')
    await hosts.sim.run(5000)
    expect([hosts.served.bytes.length, hosts.asked.bytes.toString()]).toEqual([0, 'two'])
    hosts.sim.heal(hosts.client, hosts.server)
    await hosts.sim.run(60_000)
    expect(hosts.served.bytes.toString()).toBe('one')
  })

  test('draws a run as a diagram', async () => {
    const hosts = await TwoHosts.connected()
    expect(hosts.sim.diagram()).toMatch(/SYN -+\|/)
    expect(hosts.sim.diagram({ fromMs: 1e6 }).split('\n')).toHaveLength(1)
    expect(hosts.sim.mermaid()).toContain('server->>client:')
  })

  test('reports what was not closed, and where it was opened', async () => {
    const hosts = await TwoHosts.connected()
    hosts.client.reactor.callLater(1e6, () => undefined)
    const leaks = hosts.sim.leaks()
    expect(leaks.map(({ host, what }) => `${host} ${what}`)).toEqual([
      'server connection',
      'server port',
      'client connection',
      'client timer',
    ])
    expect(leaks.at(-1)?.openedAt).toContain('simulation.test.ts')
  })

  test('gives every host an address, which ends in neither 0 nor 255', () => {
    const sim = new Simulation({ seed: 1 })
    const addresses = Array.from({ length: 256 }, (_, at) => sim.host(`host ${at}`, () => undefined).address)
    expect([addresses[0], addresses[253], addresses[254]]).toEqual(['10.0.0.1', '10.0.0.254', '10.0.1.1'])
  })

  test('refuses a second host with the same name, and a fault for a host that does not exist', () => {
    const { sim } = new TwoHosts()
    expect(() => sim.host('server', () => undefined)).toThrow('a second host named "server"')
    const fault = { kind: 'crash', atMs: 0, forMs: 1, one: 'missing', other: 'server' } as const
    expect(() => sim.inject(fault)).toThrow('no host named "missing"')
  })
})

/** Any change to the network changes this digest. Then replace it; it is the same on every version of Node. */
const TRACE_OF_SEED_1 = 'cf5877d747822a4ecfe00e3feacf4080aac299de6f7f9d6bb9a6961954655848'

describe('the arguments of a Simulation', () => {
  const sim = new Simulation({ seed: 1 })
  const [one, other] = ['one', 'other'].map((name) => sim.host(name, () => undefined))
  const stranger = new Simulation({ seed: 1 }).host('one', () => undefined)
  const call = (method: keyof Simulation, ...given: readonly unknown[]): unknown =>
    Reflect.apply(sim[method] as () => unknown, sim, given)

  test.each<[keyof Simulation, readonly unknown[], string]>([
    ['host', ['b', { program: 1 }], 'Cannot take program an Object for host: give a function'],
    ['host', ['', () => undefined], 'Cannot take name "" for host: give a string that is not empty'],
    ['at', [-1, () => undefined], 'Cannot take ms -1 for at: give a number of milliseconds, 0 or more'],
    ['at', [5], 'Cannot take call undefined for at: give a function'],
    ['partition', ['one', 'other'], `Cannot take host "one" for partition: ${GIVE_A_HOST}`],
    ['partition', [one], `Cannot take host undefined for partition: ${GIVE_A_HOST}`],
    ['partition', [stranger, other], `Cannot take host a SimulatedHost for partition: ${GIVE_A_HOST}`],
    ['partition', [one, one], 'Cannot take host "one" twice for partition: give two different hosts'],
    ['partition', [one, other, { oneway: true }], 'did you mean oneWay?'],
    ['heal', [one, 'other'], `Cannot take host "other" for heal: ${GIVE_A_HOST}`],
    ['injectFaults', [], 'Cannot take the plan undefined for injectFaults: give a plan, such as'],
    [
      'injectFaults',
      [{ kinds: ['reset'] }],
      'Cannot take withinMs undefined for injectFaults: give a number',
    ],
    ['sometimes', ['a', () => true], 'give true or false, in code that runs when the state may be reached'],
  ])('are checked: %s %j', (method, given, message) => {
    expect(() => call(method, ...given)).toThrow(message)
  })

  test('are checked: the condition of runUntil', async () => {
    await expect(call('runUntil', true)).rejects.toThrow(
      'Cannot take condition true for runUntil: give a function',
    )
    expect(sim.hosts).toEqual([one, other])
  })
})
