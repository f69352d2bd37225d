import { type Scenario, simulateAll } from '../../../src/index.ts'
import { install } from '../../../src/node.ts'

install()

/**
 * Runs a scenario with 20 seeds, and all of it once more. Rejects when a run fails, or a seed gives another trace
 * than before.
 */
export async function expectSameTraces(
  scenario: Scenario,
  { runs = 20 }: { readonly runs?: number } = {},
): Promise<void> {
  const first = await traces(scenario, runs)
  const second = await traces(scenario, runs)
  for (const [run, lines] of first.entries()) {
    const at = lines.findIndex((line, index) => line !== second[run]?.[index])
    if (at !== -1)
      throw new Error(
        `Seed 0-${run} differs at line ${at}: ${lines[at]}, then ${second[run]?.[at] ?? 'nothing'}`,
      )
  }
}

async function traces(scenario: Scenario, runs: number): Promise<readonly (readonly string[])[]> {
  const all: (readonly string[])[] = []
  await simulateAll(
    async (sim) => {
      await scenario(sim)
      all.push(sim.trace.lines)
    },
    { runs, seedGlobals: true },
  )
  return all
}
