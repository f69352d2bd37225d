import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ScenarioFailed, simulateAll } from '../src/scenario.ts'
import type { Simulation } from '../src/simulation.ts'

describe('simulateAll', () => {
  const idle = (sim: Simulation): void => {
    sim.host('a', () => undefined)
    sim.host('b', () => undefined)
  }

  test('runs a scenario with many seeds, and returns the coverage', async () => {
    const seeds: string[] = []
    const coverage = await simulateAll(
      async (sim) => {
        seeds.push(sim.seed)
        idle(sim)
        sim.injectFaults({ withinMs: 100, kinds: ['crash'] })
        await sim.run(1000)
      },
      { runs: 20, seed: 'x' },
    )
    expect(seeds.slice(0, 3)).toEqual(['x-0', 'x-1', 'x-2'])
    expect(coverage).toMatchObject({ runs: 20, virtualMs: 20_000 })
    expect(coverage.faults.crash).toBeGreaterThan(10)
    expect(coverage.network).toMatchObject({ connections: 0, oneByteSegments: 0 })
  })

  test('reports the seed, and the one fault that the failure needs', async () => {
    const failed = simulateAll(
      async (sim) => {
        idle(sim)
        sim.injectFaults({ withinMs: 100, most: 8 })
        await sim.run(10_000)
        if ((sim.faultsSeen.crash ?? 0) > 0) throw new Error('it crashed')
      },
      { runs: 50 },
    )
    await expect(failed).rejects.toBeInstanceOf(ScenarioFailed)
    const error = (await failed.catch((caught: unknown) => caught)) as ScenarioFailed
    expect(error.script.map(({ kind }) => kind)).toEqual(['crash'])
    expect(error.message).toMatch(
      /^Seed 0-\d+: it crashed\n  It fails with these faults:\n    at \d+ ms for \d+ ms: crash, [ab]\n  Try it again with ROPEWALK_SEED=0-\d+$/,
    )
  })

  test('reports that a failure needs no fault, and runs only the seed of the option `only`', async () => {
    const scenario = async (): Promise<void> => {
      throw new Error('always')
    }
    await expect(simulateAll(scenario, { only: 'mine' })).rejects.toThrow(
      'Seed mine: always\n  It needs no fault to fail.',
    )
    const command = (seed: string): string => `run ${seed}`
    await expect(simulateAll(scenario, { only: 'mine', command })).rejects.toThrow(
      'Try it again with run mine',
    )
    const seen: string[] = []
    await simulateAll(async ({ seed }) => void seen.push(seed), { runs: 10, only: 'mine' })
    expect(seen).toEqual(['mine'])
  })

  test('begins no run after its budget', async () => {
    const { runs } = await simulateAll(async () => undefined, { runs: 1e9, budgetMs: 5 })
    expect(runs).toBeLessThan(1e9)
  })

  test('fails a scenario that waits while no time passes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const failure = simulateAll(async (sim) => {
      idle(sim)
      await sim.run(10)
      await new Promise(() => undefined)
    })
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve))
    const failed = failure.catch(String)
    await vi.advanceTimersByTimeAsync(7000)
    expect(await failed).toContain('Seed 0-0: the scenario waits while no time passes')
  })

  test('with failOnLeaks, fails a run that leaves something open, and names the line that opened it', async () => {
    const scenario = async (sim: Simulation): Promise<void> => {
      idle(sim)
      sim.host('forgetful', (reactor) => reactor.callLater(1e9, () => undefined))
      await sim.run(10)
    }
    expect((await simulateAll(scenario, { runs: 1 })).runs).toBe(1)
    await expect(simulateAll(scenario, { runs: 1, failOnLeaks: true })).rejects.toThrow(
      /^Seed 0-0: forgetful has not closed the timer at 1000000000 ms, opened at .*scenario\.test\.ts/,
    )
  })

  test('fails a run after which a reactor counts connections that do not exist', async () => {
    const scenario = async (sim: Simulation): Promise<void> => {
      const host = sim.host('counting', (reactor) => reactor.registry.waitingChanged(1))
      await sim.run(5)
      expect(host.leftovers()).toEqual(['1 connection counted as waiting'])
    }
    await expect(simulateAll(scenario, { runs: 1 })).rejects.toThrow(
      /^Seed 0-0: counting keeps 1 connection counted as waiting/,
    )
  })
})
