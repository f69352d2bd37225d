import { describe, expect, test } from 'vitest'
import { Simulation, simulateAll, type SimulationFailed } from '../src/index.ts'

/** A simulation with a counter that a host increments every 10 ms. */
function counting(): { readonly sim: Simulation; readonly count: () => number } {
  const sim = new Simulation({ seed: 1 })
  let count = 0
  sim.host('counter', (reactor) => {
    const again = (): void => {
      count++
      reactor.callLater(10, again)
    }
    reactor.callLater(10, again)
  })
  return { sim, count: () => count }
}

describe('always', () => {
  test('fails the run at the event after which the property does not hold', async () => {
    const { sim, count } = counting()
    sim.always('few', () => count() < 3)
    await expect(sim.run(100)).rejects.toThrow('Seed 1 at 30.000 ms: always "few": it did not hold')
  })

  test('fails with the message of what the check throws', async () => {
    const { sim, count } = counting()
    sim.always('few', () => expect(count()).toBeLessThan(2))
    await expect(sim.run(100)).rejects.toThrow(
      'at 20.000 ms: always "few": it did not hold: expected 2 to be less',
    )
  })

  test('refuses a check that waits', async () => {
    const { sim } = counting()
    sim.always('slow', async () => true)
    await expect(sim.run(100)).rejects.toThrow('the check returned a promise: it must not wait')
    expect(() => sim.always('', () => true)).toThrow('give a string that is not empty')
  })
})

describe('eventually', () => {
  const crash = { kind: 'crash', atMs: 100, forMs: 50, one: 'counter', other: 'counter' } as const

  test('holds when the check returns true after the last fault', async () => {
    const { sim, count } = counting()
    sim.inject(crash)
    sim.eventually('many', () => count() > 20, { withinMs: 1000 })
    await sim.run(500)
    expect(() => sim.finish()).not.toThrow()
    await sim.run(5000)
  })

  test('shows the events before the end of the last fault, however much has happened since', async () => {
    const { sim } = counting()
    sim.inject(crash)
    sim.eventually('never', () => false, { withinMs: 1000 })
    for (let ms = 500; ms < 550; ms++) sim.at(ms, () => sim.trace.note('counter', `is at ${ms}`))
    const { lastLines } = (await sim.run(5000).catch((error: unknown) => error)) as SimulationFailed
    expect(lastLines.slice(0, 6)).toEqual([
      '0.000 counter starts',
      '100.000 counter fault: crash at 100 ms for 50 ms: counter',
      '100.000 counter crashes',
      '150.000 counter starts again',
      '…',
      '535.000 counter is at 535',
    ])
    expect(lastLines.at(-1)).toBe('549.000 counter is at 549')
    expect(lastLines.length).toBe(20)
  })

  test('does not count what held before or during a fault', async () => {
    const { sim, count } = counting()
    sim.inject(crash)
    sim.eventually('few', () => count() < 8, { withinMs: 1000 })
    await expect(sim.run(5000)).rejects.toThrow(
      'Seed 1 at 1150.000 ms: eventually "few": it did not hold within 1000 ms after the last fault',
    )
  })

  test('fails a run that ends before the property holds', async () => {
    const { sim, count } = counting()
    sim.eventually('many', () => expect(count()).toBe(1000))
    await sim.run(500)
    expect(() => sim.finish()).toThrow(
      'eventually "many": it did not hold between the last fault and the end',
    )
  })

  test('is due again after a later fault', async () => {
    const { sim, count } = counting()
    sim.eventually('few', () => count() < 8, { withinMs: 100 })
    await sim.run(50)
    sim.inject(crash)
    await expect(sim.run(5000)).rejects.toThrow('Seed 1 at 300.000 ms: eventually "few"')
  })
})

describe('sometimes', () => {
  const scenario = async (sim: Simulation): Promise<void> => {
    sim.sometimes('an even seed', Number(sim.seed.split('-')[1]) % 2 === 0)
    sim.sometimes('a seed')
    sim.sometimes('nothing', false)
    await sim.run(1)
  }

  test('counts over all seeds', async () => {
    const { sometimes } = await simulateAll(scenario, { runs: 5, sometimes: ['an even seed'] })
    expect(sometimes).toEqual({ 'an even seed': 3, 'a seed': 5, nothing: 0 })
  })

  test('fails when a declared property was never true in any run', async () => {
    const never = simulateAll(scenario, { runs: 5, sometimes: ['a seed', 'nothing', 'a typo'] })
    await expect(never).rejects.toThrow('sometimes: in 5 runs these were never true: "nothing", "a typo"')
    await simulateAll(scenario, { only: '1', sometimes: ['nothing'] })
  })
})
