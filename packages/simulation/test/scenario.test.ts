import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ScenarioFailed } from '../src/scenario-failed.ts'
import { simulateAll } from '../src/scenario.ts'
import { Simulation } from '../src/simulation.ts'

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
      /^Seed 0-\d+: it crashed\n  It fails with these faults:\n    crash at \d+ ms for 1 ms: [ab]\n  It also fails with calmer conditions: .+\n  Try it again with ROPEWALK_SEED=0-\d+ ROPEWALK_FAULTS=\d:1,[a-z,-]+\n  The last events:\n/,
    )
    expect(error.simulation.faultsSeen).toEqual({ crash: 1 })
    const again = new Simulation({ seed: error.seed, swarm: true, faults: error.faults })
    idle(again)
    again.injectFaults({ withinMs: 100, most: 8 })
    await again.run(10_000)
    expect(again.faultsSeen).toEqual({ crash: 1 })
  })

  test('finds a program that is killed, and calms the disk that it uses', async () => {
    const scenario = async (sim: Simulation): Promise<void> => {
      sim.host('a', async ({ disk }) => disk.write('/log', 'begun'))
      sim.injectFaults({ withinMs: 100 })
      await sim.run(10_000)
      if ((sim.faultsSeen.kill ?? 0) > 0) throw new Error('it was killed')
    }
    const disk = { latencyMs: [1, 1], syncMs: [1, 2], order: 'hostile' } as const
    const failed = simulateAll(scenario, { runs: 50, disk })
    const error = (await failed.catch((caught: unknown) => caught)) as ScenarioFailed
    expect(error.message).toContain('for 1 ms: a')
    expect(error.faults).toMatch(/^\d:1,.*steady-disk,ordered-disk$/)
    expect(error.simulation.hosts[0]?.disk.conditions).toMatchObject({ syncMs: [1, 1], order: 'ordered' })
    vi.stubEnv('ROPEWALK_SEED', error.seed)
    vi.stubEnv('ROPEWALK_FAULTS', error.faults)
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(simulateAll(scenario, { disk })).rejects.toThrow('it was killed')
  })

  test('runs a scenario that is a function in this thread, whatever the number of workers', async () => {
    let runs = 0
    const scenario = async (sim: Simulation): Promise<void> => {
      runs++
      await sim.run(1)
    }
    expect((await simulateAll(scenario, { runs: 3, workers: 2 })).runs).toBe(3)
    expect(runs).toBe(3)
  })

  test('reports that a failure needs no fault, and runs only the seed of the option `only`', async () => {
    const scenario = async (sim: Simulation): Promise<void> => {
      await sim.run(1)
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
    await simulateAll(
      async (sim) => {
        await sim.run(1)
        seen.push(sim.seed)
      },
      { runs: 10, only: 'mine' },
    )
    expect(seen).toEqual(['mine'])
  })

  test('gives the error a cause only if the program threw, and does not print the simulation', async () => {
    const caught = (check: () => boolean): Promise<unknown> =>
      simulateAll(
        async (sim) => {
          sim.host('a', (reactor) => reactor.callLater(1, () => undefined))
          sim.always('a check', check)
          await sim.run(10)
        },
        { runs: 1 },
      ).catch((error: unknown) => error)
    const failed = (await caught(() => false)) as ScenarioFailed
    expect('cause' in failed).toBe(false)
    expect(failed.simulation).toBeInstanceOf(Simulation)
    expect(inspect(failed)).not.toMatch(/Simulation \{|\[cause\]/)
    const oops = new Error('oops')
    const threw = (await caught(() => {
      throw oops
    })) as ScenarioFailed
    expect(threw.cause).toBe(oops)
    expect(threw.message).toContain('always "a check": it did not hold: oops\n')
  })

  test('reports the faults that the scenario makes itself, when it needs no planned fault', async () => {
    const scenario = async (sim: Simulation): Promise<void> => {
      idle(sim)
      const [a, b] = sim.hosts
      sim.at(10.4, () => a?.crash())
      sim.at(20, () => a?.start())
      sim.at(30, () => a !== undefined && b !== undefined && sim.partition(a, b))
      sim.injectFaults({ withinMs: 100, kinds: ['reset'] })
      await sim.run(1000)
      throw new Error('always')
    }
    await expect(simulateAll(scenario)).rejects.toThrow(
      `Seed 0-0: always
  It needs no fault but those that the scenario makes itself:
    at 10 ms: a crashes
    at 30 ms: a is cut off from b
`,
    )
  })

  test('keeps the same failure when it leaves out faults', async () => {
    const failed = simulateAll(
      async (sim) => {
        idle(sim)
        sim.injectFaults({ withinMs: 100, most: 8, kinds: ['crash', 'freeze'] })
        await sim.run(10_000)
        const { crash = 0, freeze = 0 } = sim.faultsSeen
        if (crash > 1 && freeze > 0) throw new Error('data lost')
        if (crash > 0) throw new Error('a lesser failure')
      },
      { only: '17' },
    )
    const error = (await failed.catch((caught: unknown) => caught)) as ScenarioFailed
    expect(error.message).toContain('Seed 17: data lost')
    expect(error.script.map(({ kind }) => kind).toSorted()).toEqual(['crash', 'crash', 'freeze'])
  })

  test('names the first line at which the traces of a program that is not deterministic differ', async () => {
    let runs = 0
    const failed = simulateAll(
      async (sim) => {
        idle(sim)
        const run = runs++
        sim.injectFaults({ withinMs: 100, most: 8 })
        sim.at(7, () => sim.trace.note('a', `run ${run}`))
        await sim.run(10)
        if (run === 0) throw new Error('odd')
      },
      { only: '3' },
    )
    const error = (await failed.catch((caught: unknown) => caught)) as ScenarioFailed
    expect(error.message).toMatch(
      /^Seed 3: odd\n {2}The program is not deterministic: run again, this seed passed\. The traces differ first in line \d+:\n {4}7\.000 a run 0\n {4}7\.000 a run 1\n {2}Try it again with ROPEWALK_SEED=3\n/,
    )
    expect(runs).toBe(2)
  })

  test('names a program as not deterministic when its outcome differs and its trace does not', async () => {
    let runs = 0
    const failed = simulateAll(async (sim) => {
      idle(sim)
      await sim.run(10)
      if (runs++ === 0) throw new Error('odd')
    })
    await expect(failed).rejects.toThrow(
      'odd\n  The program is not deterministic: run again, this seed passed. The traces are the same: look for random',
    )
  })

  test('plays only the faults that ROPEWALK_FAULTS names, and leaves out no more', async () => {
    vi.stubEnv('ROPEWALK_SEED', '17')
    vi.stubEnv('ROPEWALK_FAULTS', '0:5,no-cuts')
    onTestFinished(() => void vi.unstubAllEnvs())
    let runs = 0
    const failed = simulateAll(async (sim) => {
      runs++
      idle(sim)
      sim.injectFaults({ withinMs: 100, most: 8 })
      await sim.run(10_000)
      throw new Error('always')
    })
    const error = (await failed.catch((caught: unknown) => caught)) as ScenarioFailed
    expect(error.script).toHaveLength(1)
    expect(error.script[0]?.forMs).toBe(5)
    expect([error.faults, runs]).toEqual(['0:5,no-cuts', 2])
  })

  test('shows the line of the program in its stack', async () => {
    const failed = simulateAll(async (sim) => {
      idle(sim)
      await sim.run(10)
      throw new Error('here')
    })
    const { stack = '' } = (await failed.catch((caught: unknown) => caught)) as Error
    expect(stack.split('\n').find((line) => line.startsWith('    at '))).toContain('scenario.test.ts')
  })

  test('writes a diagram of a failed run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'failures-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const failed = simulateAll(
      async (sim) => {
        idle(sim)
        await sim.run(10)
        throw new Error('here')
      },
      { diagrams: folder, title: 'my test' },
    )
    const error = (await failed.catch((caught: unknown) => caught)) as ScenarioFailed
    expect(error.diagram).toMatch(/my-test-0-0\.svg$/)
    expect(error.message).toContain(`The diagram is ${error.diagram}`)
    expect(readFileSync(join(folder, 'my-test-0-0.svg'), 'utf8')).toContain('<svg')
  })

  test('begins no run after its budget', async () => {
    const { runs } = await simulateAll((sim) => sim.run(1), { runs: 1e9, budgetMs: 5 })
    expect(runs).toBeLessThan(1e9)
  })

  test('fails a scenario that does not await sim.run, when that run has ended', async () => {
    const sims: Simulation[] = []
    const started = (scenario: (sim: Simulation) => void): Promise<unknown> =>
      simulateAll(async (sim) => {
        sims.push(sim)
        idle(sim)
        void sim.run(1000)
        scenario(sim)
      })
    await expect(started(() => undefined)).rejects.toThrow(
      /^Seed 0-0: the scenario ended while virtual time passed: await sim.run or sim.runUntil\n/,
    )
    const early = started((sim) => {
      if (sim.nowMs === 0) throw new Error('nothing arrived')
    })
    await expect(early).rejects.toThrow(
      /^Seed 0-0: nothing arrived; it failed while virtual time passed: await sim.run or sim.runUntil\n/,
    )
    expect(sims.map(({ nowMs, isRunning }) => [nowMs, isRunning])).toEqual(sims.map(() => [1000, false]))
  })

  test('names the host that code outside of hosts did not reach', async () => {
    const lookup = Object.assign(new Error('getaddrinfo ENOTFOUND b'), { hostname: 'b' })
    const failed = simulateAll(async (sim) => {
      idle(sim)
      await sim.run(10)
      throw new TypeError('fetch failed', { cause: lookup })
    })
    await expect(failed).rejects.toThrow(
      'Seed 0-0: fetch failed: getaddrinfo ENOTFOUND b; only programs of hosts reach "b": call it in a program of',
    )
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

  test('fails a scenario in which no time passes, because it does not await sim.run', async () => {
    const scenario = async (sim: Simulation): Promise<void> => {
      idle(sim)
    }
    await expect(simulateAll(scenario, { runs: 1 })).rejects.toThrow(
      'Seed 0-0: no virtual time passed in the scenario: await sim.run or sim.runUntil',
    )
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
