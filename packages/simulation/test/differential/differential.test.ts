import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playOnLoopback } from './loopback.ts'
import type { Script } from './place.ts'
import { ALL } from './scripts.ts'
import { playInSimulation } from './simulated.ts'

const early = new Map<Script, ReturnType<typeof playOnLoopback>>()

// The slow scripts only wait, so they are played together, and beside the others.
beforeAll(() => {
  for (const script of ALL.flatMap(([, scripts]) => scripts))
    if (script.isSlow === true) early.set(script, playOnLoopback(script))
  // Their tests await them.
  for (const playing of early.values()) playing.catch(() => undefined)
})

afterAll(() => Promise.allSettled(early.values()))

describe.each(ALL)('%s', (_subject, scripts) => {
  test.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    expect.hasAssertions()
    const onLoopback = await (early.get(script) ?? playOnLoopback(script))
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
