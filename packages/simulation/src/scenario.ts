import { attempt, type RunOptions, type Scenario } from './attempt.ts'
import { FAULTS_VARIABLE, quotedFaults, SEED_VARIABLE, wantedRuns } from './real/environment.ts'
import { coreCount, inThreads } from './real/worker-threads.ts'
import { parseReduction } from './reduction.ts'
import { loadScenario, runSeeds, type Seeds, type Share, type ShareResult } from './seeds.ts'
import { SIMULATION_RULES, type SimulationOptions } from './simulation-options.ts'
import { type Coverage, Tally } from './tally.ts'
import { counted } from '@ropewalk/core/reactor'
import {
  anyText,
  callable,
  checkOptions,
  checkValue,
  count,
  either,
  filledText,
  flag,
  listOf,
  milliseconds,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'

/** The options of `simulateAll` and `simulate`. */
export interface SimulateOptions extends Omit<SimulationOptions, 'seed' | 'faults' | 'swarm'> {
  /**
   * Draws for each seed whatever the options and the plans of faults leave open: see the option of
   * `Simulation`. Default true.
   */
  readonly swarm?: boolean | undefined
  /** How many seeds are tried. Default 100. */
  readonly runs?: number | undefined
  /** No new run begins after this many milliseconds of real time. Default: no limit. */
  readonly budgetMs?: number | undefined
  /** The prefix of the seeds, which are `0-0`, `0-1` and so on by default. Default `0`. */
  readonly seed?: string | number | undefined
  /** The only seed to run. Default: the environment variable `ROPEWALK_SEED`. */
  readonly only?: string | undefined
  /** Fails a run that leaves a connection, port or timer open. Default false. */
  readonly failOnLeaks?: boolean | undefined
  /**
   * Names of `sim.sometimes` that must be true in at least one run. It is not checked when `only` selects one
   * seed. Default: none.
   */
  readonly sometimes?: readonly string[] | undefined
  /**
   * Returns the command that runs a seed again, for messages; with `faults`, only the faults that the failure
   * needs. Default: `ROPEWALK_SEED=` and the seed, with `ROPEWALK_FAULTS=` and the faults.
   */
  readonly command?: ((seed: string, faults?: string) => string) | undefined
  /** How long a failed run is made smaller, in real milliseconds. Default 30 000. */
  readonly shrinkMs?: number | undefined
  /**
   * The folder in which an SVG diagram of a failed run is written, or false for none. Default: false for
   * `simulateAll`; for `simulate`, `__failures__` beside the file of the test.
   */
  readonly diagrams?: string | false | undefined
  /**
   * How many worker threads run the seeds of a scenario that is given as the URL of a module. Default: as many
   * as there are cores. A scenario that is a function runs in this thread, whatever the number. When they cannot load the module, as in vitest on a version of Node without TypeScript,
   * the seeds run in this thread.
   */
  readonly workers?: number | undefined
  /** The beginning of the name of the diagram. Default `scenario`; for `simulate`, the name of the test. */
  readonly title?: string | undefined
}

/**
 * Runs `scenario` once for each seed: one after the other, or in worker threads.
 *
 * The first seed that fails is run again, and then without whatever the failure does not need: faults, a part
 * of their duration, and conditions of the network.
 *
 * @param scenario A function, or the URL of a module whose default export is one, such as
 * `new URL('./scenario.ts', import.meta.url)`. Worker threads can run only a module.
 * @throws {ScenarioFailed} (rejects) at the first seed that fails.
 */
export async function simulateAll(scenario: Scenario | URL, given: SimulateOptions = {}): Promise<Coverage> {
  checkScenario('simulateAll', scenario)
  checkOptions('simulateAll', given, SIMULATE_RULES)
  const environment = wantedRuns()
  const {
    runs = 100,
    budgetMs = Infinity,
    seed = 0,
    only = environment.only,
    command = bySeed,
    failOnLeaks = false,
    sometimes: wanted = [],
    shrinkMs = 30_000,
    diagrams = false,
    title = 'scenario',
    swarm = true,
    workers = coreCount(),
    ...simulation
  } = given
  const options: RunOptions = {
    simulation: { ...simulation, swarm },
    failOnLeaks,
    command,
    reduction: environment.faults === undefined ? undefined : parseReduction(environment.faults),
    shrinkMs,
    diagrams,
    title,
  }
  const seeds: Seeds = { seed: String(seed), runs, budgetMs, only }
  const tally = new Tally()
  tally.addSometimes(wanted.map((name) => [name, 0]))
  const inThisThread = async (): Promise<readonly Coverage[]> => {
    const run = typeof scenario === 'function' ? scenario : await loadScenario(scenario.href)
    return [await runSeeds(run, seeds, options)]
  }
  // What a run leaves out is for the seed of a report, which runs in this thread.
  const single =
    typeof scenario === 'function' || workers === 1 || only !== undefined || options.reduction !== undefined
  const found = single ? undefined : await runInThreads(scenario, seeds, options, workers)
  for (const part of found ?? (await inThisThread())) tally.add(part)
  const { coverage } = tally
  const never = wanted.filter((name) => coverage.sometimes[name] === 0)
  if (never.length > 0 && only === undefined) throw new Error(describeNever(never, coverage.runs))
  return coverage
}

/** Checks a scenario. @throws {TypeError} unless it is a function or a URL. */
export function checkScenario(owner: string, scenario: unknown): void {
  checkValue(owner, 'scenario', scenario, SCENARIO)
}

async function runInThreads(
  { href }: URL,
  seeds: Seeds,
  options: RunOptions,
  workers: number,
): Promise<readonly Coverage[] | undefined> {
  const { command: _command, reduction: _reduction, ...cloned } = options
  const { only: _only, ...all } = seeds
  const lowest = new Int32Array(new SharedArrayBuffer(4)).fill(NO_RUN)
  const shares = Array.from({ length: Math.min(workers, seeds.runs) }, (_, from): Share => {
    return { ...all, module: href, from, step: workers, options: cloned, lowest }
  })
  const results = await inThreads<ShareResult>('seed-worker', shares)
  if (results === undefined) return undefined
  const failure = results.find(({ failure: each }) => each?.run === Atomics.load(lowest, 0))?.failure
  if (failure === undefined) return results.map(({ coverage }) => coverage)
  // In this thread, the failed run can be given to the caller.
  const seed = `${seeds.seed}-${failure.run}`
  await attempt(await loadScenario(href), seed, options)
  throw new Error(
    `Seed ${seed}: ${failure.why}\n  The program is not deterministic: this seed failed in a worker thread, and passed when it was run again`,
  )
}

function describeNever(names: readonly string[], runs: number): string {
  const quoted = names.map((name) => JSON.stringify(name)).join(', ')
  return `sometimes: in ${counted(runs, 'run')} these were never true: ${quoted}`
}

function bySeed(seed: string, faults?: string): string {
  return `${SEED_VARIABLE}=${seed}${faults === undefined ? '' : ` ${FAULTS_VARIABLE}=${quotedFaults(faults)}`}`
}

const SCENARIO: OptionRule = (value) =>
  typeof value === 'function' || value instanceof URL
    ? undefined
    : { kind: 'type', wanted: 'a function, or the URL of a module' }
const NO_FOLDER = { kind: 'type', wanted: '' } as const
const { faults: _ofOneRun, ...SHARED_RULES } = SIMULATION_RULES
const SIMULATE_RULES: OptionRules<SimulateOptions> = {
  ...SHARED_RULES,
  runs: count({ least: 1, endless: true }),
  budgetMs: milliseconds({ endless: true }),
  only: anyText,
  failOnLeaks: flag,
  sometimes: listOf(filledText),
  command: callable,
  shrinkMs: milliseconds(),
  diagrams: either(filledText, (value) => (value === false ? undefined : NO_FOLDER), 'a folder, or false'),
  title: filledText,
  workers: count({ least: 1 }),
}
/** The lowest failed run, while no run has failed. */
const NO_RUN = 2 ** 31 - 1
