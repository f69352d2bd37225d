import { describe, expect, test } from 'vitest'
import { playOnLoopback } from './loopback.ts'
import { ALL } from './scripts.ts'
import { playInSimulation } from './simulated.ts'

describe.each(ALL)('%s', (_subject, scripts) => {
  test.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
    expect.hasAssertions()
    const onLoopback = await playOnLoopback(script)
    for (const machines of [1, 2] as const)
      for (const seed of script.machines === undefined || script.machines === machines ? SEEDS : [])
        expect(await playInSimulation(script, machines, seed)).toEqual(onLoopback)
  })
})

/** What a program sees does not depend on them. */
const SEEDS = [1, 2, 3]
