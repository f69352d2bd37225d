import { describe, expect, test } from 'vitest'
import type { RunOptions } from '../src/attempt.ts'
import { loadScenario, runSeeds, runShare, type Share } from '../src/seeds.ts'
import { simulateAll } from '../src/scenario.ts'

const MODULE = new URL('./seeds-scenario.ts', import.meta.url)
const OPTIONS: RunOptions = {
  simulation: {},
  failOnLeaks: false,
  command: (seed) => seed,
  reduction: undefined,
  shrinkMs: 1000,
  diagrams: false,
  title: 'seeds',
}

test('runSeeds runs one seed after the other, or only one', async () => {
  const seen: string[] = []
  const seeds = { seed: 'x', runs: 3, budgetMs: Infinity, only: undefined }
  const scenario = async (sim: { seed: string; run(ms: number): Promise<void> }): Promise<void> => {
    seen.push(sim.seed)
    await sim.run(1)
  }
  expect((await runSeeds(scenario, seeds, OPTIONS)).runs).toBe(3)
  await runSeeds(scenario, { ...seeds, only: 'mine' }, OPTIONS)
  expect(seen).toEqual(['x-0', 'x-1', 'x-2', 'mine'])
})

test('loadScenario refuses a module without a scenario', async () => {
  await expect(loadScenario(new URL('./two-hosts.ts', import.meta.url).href)).rejects.toThrow(
    'its default export must be a function that takes a simulation',
  )
})

describe('runShare', () => {
  const shareFrom = (from: number, lowest = 1000): Share => {
    const { command: _command, reduction: _reduction, ...options } = OPTIONS
    return {
      seed: '0',
      runs: 10,
      budgetMs: Infinity,
      module: MODULE.href,
      from,
      step: 2,
      options,
      lowest: new Int32Array(new SharedArrayBuffer(4)).fill(lowest),
    }
  }

  test('runs every second seed', async () => {
    const { coverage, failure } = await runShare(shareFrom(1))
    expect([coverage.runs, coverage.sometimes, failure]).toEqual([5, { ran: 5 }, undefined])
  })

  test('stops at a seed that fails, and notes it for other threads', async () => {
    process.env['FAILING'] = '56'
    try {
      const share = shareFrom(1)
      const { coverage, failure } = await runShare(share)
      expect([coverage.runs, failure]).toEqual([2, { run: 5, why: 'the seed is wrong' }])
      expect(share.lowest[0]).toBe(5)
    } finally {
      delete process.env['FAILING']
    }
  })

  test('stops when a lower seed has failed in another thread', async () => {
    expect((await runShare(shareFrom(1, 4))).coverage.runs).toBe(2)
  })
})

test.each([1, 2])(
  'simulateAll runs the seeds of a module with %i workers, whatever loads it',
  async (workers) => {
    expect((await simulateAll(MODULE, { runs: 4, workers })).runs).toBe(4)
  },
)
