import { test } from 'vitest'
import { type Scenario, SEED_VARIABLE, simulateAll, type SimulateOptions } from '../scenario.ts'

/**
 * A test of vitest that runs a scenario with many seeds. A failure tells the seed, the faults it needs, and how to
 * try it again; a success what the runs had in them.
 *
 *     simulate('every message arrives', { runs: 200 }, async (sim) => { … })
 */
export function simulate(name: string, options: SimulateOptions, scenario: Scenario): void {
  // The scenario throws what it expects otherwise.
  // oxlint-disable-next-line vitest/expect-expect
  test(
    // oxlint-disable-next-line vitest/valid-title
    name,
    async ({ annotate }) => {
      const { runs, virtualMs, faults } = await simulateAll(scenario, options, process.env[SEED_VARIABLE])
      const seen = Object.entries(faults).map(([kind, count]) => `${count} × ${kind}`)
      await annotate(
        `${runs} runs, ${Math.round(virtualMs / 1000)} virtual seconds; ${seen.join(', ') || 'no faults'}`,
      )
    },
    TIMEOUT_MS,
  )
}

const TIMEOUT_MS = 300_000
