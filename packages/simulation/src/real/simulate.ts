import { test } from 'vitest'
import {
  type Coverage,
  type Scenario,
  SEED_VARIABLE,
  simulateAll,
  type SimulateOptions,
} from '../scenario.ts'

/**
 * A test of vitest that runs a scenario with many seeds. A failure tells the seed, the faults it needs, and how to
 * try it again; a success what the runs had in them.
 *
 *     simulate('every message arrives', { runs: 200 }, async (sim) => { … })
 */
export function simulate(name: string, options: SimulateOptions, scenario: Scenario): void {
  const wanted = { ...options, ...nightly(process.env[BUDGET_VARIABLE]) }
  // The scenario throws what it expects otherwise.
  // oxlint-disable-next-line vitest/expect-expect
  test(
    // oxlint-disable-next-line vitest/valid-title
    name,
    async ({ annotate }) => {
      await annotate(describeCoverage(await simulateAll(scenario, wanted, process.env[SEED_VARIABLE])))
    },
    TIMEOUT_MS + (wanted.budgetMs ?? 0),
  )
}

/** As many runs as fit into a budget of the environment. @throws {RangeError} when it is no number of milliseconds. */
export function nightly(budget: string | undefined): Pick<SimulateOptions, 'runs' | 'budgetMs'> {
  if (budget === undefined || budget === '') return {}
  const budgetMs = Number(budget)
  if (!(budgetMs > 0)) throw new RangeError(`Cannot read ${BUDGET_VARIABLE}=${budget}: pass milliseconds`)
  return { runs: Infinity, budgetMs }
}

/** What the runs of a scenario had in them, in one line. */
export function describeCoverage({ runs, virtualMs, faults, network }: Coverage): string {
  const seen = Object.entries(faults).map(([kind, count]) => `${count} × ${kind}`)
  const { connections, segments, oneByteSegments, resent, resets, lost } = network
  return [
    `${runs} runs, ${Math.round(virtualMs / 1000)} virtual seconds`,
    `faults: ${seen.join(', ') || 'none'}`,
    `${connections} connections with ${segments} pieces, of which ${oneByteSegments} of one byte and ${resent} sent again`,
    `${lost} packets lost, ${resets} resets`,
  ].join('; ')
}

const BUDGET_VARIABLE = 'ROPEWALK_BUDGET_MS'
const TIMEOUT_MS = 300_000
