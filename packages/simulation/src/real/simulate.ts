import { test } from 'vitest'
import { type Coverage, type Scenario, simulateAll, type SimulateOptions } from '../scenario.ts'
import { SEED_VARIABLE, wantedRuns } from './environment.ts'

/**
 * A test of vitest that runs a scenario with many seeds. A failure tells the seed, the faults it needs, and how to
 * try it again; a success what the runs had in them.
 *
 *     simulate('every message arrives', { runs: 200 }, async (sim) => { … })
 */
export function simulate(name: string, options: SimulateOptions, scenario: Scenario): void {
  const { budgetMs } = wantedRuns()
  const nightly = budgetMs === undefined ? {} : { runs: Infinity, budgetMs }
  // The scenario throws what it expects otherwise.
  // oxlint-disable-next-line vitest/expect-expect
  test(
    // oxlint-disable-next-line vitest/valid-title
    name,
    async ({ annotate, task }) => {
      const command = (seed: string): string => commandFor(task.file.name, name, seed)
      await annotate(describeCoverage(await simulateAll(scenario, { command, ...options, ...nightly })))
    },
    TIMEOUT_MS + (budgetMs ?? 0),
  )
}

/** What runs one seed of one test again, to be pasted into a shell. */
export function commandFor(file: string, name: string, seed: string): string {
  // What vitest takes is a pattern.
  const pattern = name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
  return `${SEED_VARIABLE}=${seed} npx vitest run ${quoted(file)} -t ${quoted(pattern)}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
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

const TIMEOUT_MS = 300_000
