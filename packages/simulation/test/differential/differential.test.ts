import { describe, expect, test } from 'vitest'
import { playOnLoopback } from './loopback.ts'
import { ALL } from './scripts.ts'
import { playInSimulation } from './simulated.ts'

describe.each(ALL)('%s', (_subject, scripts) => {
  test.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    expect.hasAssertions()
    const onLoopback = await playOnLoopback(script)
    for (const [machines, seed] of RUNS)
      if (script.machines === undefined || script.machines === machines)
        expect(await playInSimulation(script, machines, seed)).toEqual(onLoopback)
  })
})

/** How many machines there are, and the seed. What the programs see depends on neither. */
const RUNS: readonly (readonly [machines: 1 | 2, seed: number])[] = [
  [1, 1],
  [2, 2],
  [2, 3],
]
