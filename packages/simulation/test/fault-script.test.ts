import { expect, test } from 'vitest'
import { Simulation } from '../src/index.ts'

test('a script keeps what was planned, and makes only what is wanted happen', async () => {
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

test('refuses a fault of a host it does not have', () => {
  const sim = new Simulation({ seed: 1 })
  expect(() => sim.inject({ kind: 'crash', atMs: 0, forMs: 1, one: 'nobody', other: 'nobody' })).toThrow(
    'Cannot find a host of the name nobody',
  )
})
