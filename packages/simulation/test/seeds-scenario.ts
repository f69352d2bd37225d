import type { Simulation } from '../src/index.ts'

/** A scenario that fails when a seed ends with one of the digits in the environment variable FAILING. */
export default async function scenario(sim: Simulation): Promise<void> {
  sim.host('one', () => undefined)
  sim.sometimes('ran')
  await sim.run(10)
  const failing = new Set(process.env['FAILING'])
  if (failing.has(sim.seed.at(-1) ?? '')) throw new Error('the seed is wrong')
}
