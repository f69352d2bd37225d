import { dirname, join } from 'node:path'
import { counted } from '@ropewalk/core/reactor'
import { test, type TestContext } from 'vitest'
import type { Scenario } from '../attempt.ts'
import { checkScenario, simulateAll, type SimulateOptions } from '../scenario.ts'
import type { Coverage } from '../tally.ts'
import { FAULTS_VARIABLE, quotedFaults, SEED_VARIABLE, wantedRuns } from './environment.ts'

/** Defines a vitest test that runs a scenario with many seeds. */
export type DefineSimulation = (name: string, options: SimulateOptions, scenario: Scenario | URL) => void

/**
 * Defines a vitest test that runs a scenario with many seeds. A failure names the seed, the faults it needs
 * and the command that runs it again, and writes a diagram; a success is annotated with the coverage of the
 * runs. `simulate.only` and `simulate.skip` are as those of `test`.
 *
 *     simulate('every message arrives', { runs: 200 }, async (sim) => { … })
 */
export const simulate: DefineSimulation & {
  readonly only: DefineSimulation
  readonly skip: DefineSimulation
} = Object.assign(definedBy(test), { only: definedBy(test.only), skip: definedBy(test.skip) })

function definedBy(define: typeof test.only): DefineSimulation {
  return (name, options, scenario) => {
    if (typeof options === 'function')
      throw new TypeError(
        `Cannot take a function as the options of simulate "${name}": call simulate(name, options, scenario), with {} for no options`,
      )
    checkScenario('simulate', scenario)
    const { budgetMs } = wantedRuns()
    const nightly = budgetMs === undefined ? {} : { runs: Infinity, budgetMs }
    const run = async ({ annotate, task }: TestContext): Promise<void> => {
      const { file } = task
      const command = (seed: string, faults?: string): string => commandFor(file.name, name, seed, faults)
      const diagrams = join(dirname(file.filepath), '__failures__')
      const all = { command, diagrams, title: name, ...options, ...nightly }
      await annotate(describeCoverage(await simulateAll(scenario, all)))
    }
    define(name, run, TIMEOUT_MS + (budgetMs ?? 0))
  }
}

/** Returns the shell command that runs one seed of one test again, with all its faults or only some. */
export function commandFor(file: string, name: string, seed: string, faults?: string): string {
  // vitest's option -t is a regular expression, for the names of a test and its suites.
  const pattern = `${name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}$`
  const some = faults === undefined ? '' : `${FAULTS_VARIABLE}=${quotedFaults(faults)} `
  return `${SEED_VARIABLE}=${seed} ${some}npx vitest run ${quoted(file)} -t ${quoted(pattern)}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Formats the coverage of the runs of a scenario as one line of text. */
export function describeCoverage({ runs, virtualMs, faults, network, sometimes }: Coverage): string {
  const seen = Object.entries(faults).map(([kind, count]) => `${count} × ${kind}`)
  const { connections, segments, oneByteSegments, resent, resets, lost } = network
  return [
    `${counted(runs, 'run')}, ${counted(Math.round(virtualMs / 1000), 'virtual second')}`,
    `faults: ${seen.join(', ') || 'none'}`,
    `${counted(connections, 'connection')} with ${counted(segments, 'segment')}, ${oneByteSegments} of them of one byte, and ${counted(resent, 'retransmission')}`,
    `${counted(lost, 'packet')} lost, ${counted(resets, 'reset')} by programs`,
    ...Object.entries(sometimes).map(([name, count]) => `${name}: ${count === 0 ? 'never' : count}`),
  ].join('; ')
}

const TIMEOUT_MS = 300_000
