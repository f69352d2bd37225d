import { expect, test } from 'vitest'
import { FAULT_KINDS, type FaultKind, Simulation } from '../src/index.ts'

test('a script lists every planned fault, and starts only the wanted ones', async () => {
  const run = async (faults?: ReadonlySet<number>): Promise<Simulation> => {
    const sim = new Simulation({ seed: 5, ...(faults === undefined ? {} : { faults }) })
    sim.host('one', () => undefined)
    sim.host('two', () => undefined)
    for (let round = 0; round < 3; round++) sim.injectFaults({ withinMs: 100, most: 5, longestMs: 10 })
    await sim.run(1000)
    return sim
  }
  const count = ({ faultsSeen }: Simulation): number =>
    Object.values(faultsSeen).reduce((sum, seen) => sum + seen, 0)
  const whole = await run()
  expect(whole.script.length).toBeGreaterThan(2)
  expect(count(whole)).toBe(whole.script.length)
  const some = await run(new Set([0, 2]))
  expect([some.script, count(some)]).toEqual([whole.script, 2])
})

test('a plan affects only the hosts that it names', () => {
  const sim = new Simulation({ seed: 1 })
  for (const name of ['one', 'two', 'teller']) sim.host(name, () => undefined)
  const hosts = ['one', 'two']
  const script = Array.from({ length: 30 }, () => sim.injectFaults({ withinMs: 100, hosts })).flat()
  expect(script.length).toBeGreaterThan(20)
  expect(new Set(script.flatMap(({ one, other }) => [one, other]))).toEqual(new Set(hosts))
  expect(() => sim.injectFaults({ withinMs: 1, hosts: ['missing'] })).toThrow('no host named "missing"')
})

test('inject throws for a host that does not exist', () => {
  const sim = new Simulation({ seed: 1 })
  expect(() => sim.inject({ kind: 'crash', atMs: 0, forMs: 1, one: 'missing', other: 'missing' })).toThrow(
    'Cannot inject a fault: there is no host named "missing"',
  )
})

test('overlapping faults of one kind last until the last one is over, and then have no effect left', async () => {
  for (const kind of FAULT_KINDS) {
    const sim = new Simulation({ seed: 1 })
    const [one, two] = ['one', 'two'].map((name) => sim.host(name, () => undefined))
    const shown = (): unknown => [
      one?.isDown,
      one?.isSilent,
      one?.maxDescriptors,
      one?.names,
      one?.readDelayMs,
      one?.backlogFull,
    ]
    const links = one && two ? sim.network.between(one, two) : []
    const before = [shown(), links.map(({ conditions, down }) => [conditions, down])]
    sim.inject({ kind, atMs: 10, forMs: 100, one: 'one', other: 'two' })
    sim.inject({ kind, atMs: 50, forMs: 100, one: 'one', other: 'two' })
    await sim.run(130)
    const between = [shown(), links.map(({ conditions, down }) => [conditions, down])]
    if (SHOWN.has(kind)) expect(between, kind).not.toEqual(before)
    await sim.run(100)
    expect([shown(), links.map(({ conditions, down }) => [conditions, down])], kind).toEqual(before)
  }
})

test('slow names and failing names that overlap end independently', async () => {
  const sim = new Simulation({ seed: 1 })
  const host = sim.host('one', () => undefined)
  sim.inject({ kind: 'no names', atMs: 0, forMs: 50, one: 'one', other: 'one' })
  sim.inject({ kind: 'slow names', atMs: 10, forMs: 100, one: 'one', other: 'one' })
  await sim.run(60)
  expect(host.names).toEqual({ delayMs: 3000 })
  await sim.run(100)
  expect(host.names).toEqual({})
})

/** The kinds whose effect is visible in the state that the test compares. */
const SHOWN: ReadonlySet<FaultKind> = new Set([
  'partition',
  'one way',
  'crash',
  'freeze',
  'slow link',
  'slow reader',
  'full backlog',
  'no descriptors',
  'no names',
  'slow names',
])
