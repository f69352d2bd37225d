import { describeLeak } from './call-site.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { NetworkStats } from './network/network-stats.ts'
import { writeDiagram } from './real/diagram-file.ts'
import { FAULTS_VARIABLE, quotedFaults, SEED_VARIABLE, wantedRuns } from './real/environment.ts'
import { realNowMs } from './real/machine.ts'
import { watchStall } from './real/real-work.ts'
import { formatReduction, NOTHING_LEFT_OUT, parseReduction, type Reduction } from './reduction.ts'
import { isSameFailure, reasonOf } from './same-failure.ts'
import { ScenarioFailed } from './scenario-failed.ts'
import { shrink } from './shrink.ts'
import { Simulation, SIMULATION_RULES, type SimulationOptions } from './simulation.ts'
import { describeDifference, firstDifference } from './trace-difference.ts'
import { counted } from '@ropewalk/core/reactor'
import {
  anyText,
  callable,
  checkOptions,
  count,
  either,
  filledText,
  flag,
  listOf,
  milliseconds,
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
  /** The beginning of the name of the diagram. Default `scenario`; for `simulate`, the name of the test. */
  readonly title?: string | undefined
}

/** One run of a test. It must be deterministic for a given simulation, and throws when a check fails. */
export type Scenario = (sim: Simulation) => Promise<void>

/** Totals over all runs. */
export interface Coverage {
  readonly runs: number
  readonly virtualMs: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  readonly network: Readonly<NetworkStats>
  /** How often each property of `sim.sometimes` was true. */
  readonly sometimes: Readonly<Record<string, number>>
}

/**
 * Runs `scenario` once for each seed, one after the other.
 *
 * The first seed that fails is run again, and then without whatever the failure does not need: faults, a part
 * of their duration, and conditions of the network.
 *
 * @throws {ScenarioFailed} (rejects) at the first seed that fails.
 */
export async function simulateAll(scenario: Scenario, given: SimulateOptions = {}): Promise<Coverage> {
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
  const startedMs = realNowMs()
  const faults: Partial<Record<FaultKind, number>> = {}
  const network = new NetworkStats()
  const sometimes = new Map(wanted.map((name) => [name, 0]))
  let [done, virtualMs] = [0, 0]
  for (let run = 0; run < runs && realNowMs() - startedMs < budgetMs; run++) {
    const sim = await attempt(scenario, only ?? `${seed}-${run}`, options)
    done++
    virtualMs += sim.nowMs
    network.add(sim.network.stats)
    for (const kind of FAULT_KINDS)
      if (sim.faultsSeen[kind] !== undefined) faults[kind] = (faults[kind] ?? 0) + sim.faultsSeen[kind]
    for (const [name, seen] of sim.sometimesSeen) sometimes.set(name, (sometimes.get(name) ?? 0) + seen)
    if (only !== undefined) break
  }
  const never = wanted.filter((name) => sometimes.get(name) === 0)
  if (never.length > 0 && only === undefined) throw new Error(describeNever(never, done))
  return { runs: done, virtualMs, faults, network, sometimes: Object.fromEntries(sometimes) }
}

function describeNever(names: readonly string[], runs: number): string {
  const quoted = names.map((name) => JSON.stringify(name)).join(', ')
  return `sometimes: in ${counted(runs, 'run')} these were never true: ${quoted}`
}

interface RunOptions {
  readonly simulation: Omit<SimulationOptions, 'seed' | 'faults'>
  readonly failOnLeaks: boolean
  readonly command: (seed: string, faults?: string) => string
  /** What every run leaves out. */
  readonly reduction: Reduction | undefined
  readonly shrinkMs: number
  readonly diagrams: string | false
  readonly title: string
}

function bySeed(seed: string, faults?: string): string {
  return `${SEED_VARIABLE}=${seed}${faults === undefined ? '' : ` ${FAULTS_VARIABLE}=${quotedFaults(faults)}`}`
}

/** One run of a scenario; `error` is undefined when it passed. */
interface Outcome {
  readonly sim: Simulation
  readonly failure: { readonly error: unknown } | undefined
}

async function attempt(scenario: Scenario, seed: string, options: RunOptions): Promise<Simulation> {
  const { sim, failure } = await play(scenario, seed, options.reduction, options)
  if (failure === undefined) return sim
  throw await explain(scenario, { sim, failure }, options)
}

async function play(
  scenario: Scenario,
  seed: string,
  reduction: Reduction | undefined,
  options: RunOptions,
): Promise<Outcome> {
  const faults = reduction === undefined ? {} : { faults: formatReduction(reduction) || undefined }
  const sim = new Simulation({ ...options.simulation, seed, ...faults })
  try {
    await played(scenario, sim, options)
    return { sim, failure: undefined }
  } catch (error) {
    return { sim, failure: { error } }
  }
}

/** Runs a scenario once. Rejects when it makes no progress, or leaves state or leaks. */
async function played(scenario: Scenario, sim: Simulation, { failOnLeaks }: RunOptions): Promise<void> {
  let events = sim.events
  const isMoving = (): boolean => {
    const before = events
    events = sim.events
    return sim.isRunning || events > before
  }
  const watch = watchStall(isMoving, STALLED)
  try {
    await Promise.race([scenario(sim), watch.stalled])
  } finally {
    watch.stop()
  }
  if (sim.nowMs === 0) throw new Error(NO_TIME)
  sim.finish()
  const leftovers = sim.leftovers()
  if (leftovers.length > 0) throw new Error(leftovers.join('\n  '))
  const leaks = failOnLeaks ? sim.leaks() : []
  if (leaks.length > 0) throw new Error(leaks.map(describeLeak).join('\n  '))
}

/** Runs a failed run again, and then without whatever its failure does not need. */
async function explain(
  scenario: Scenario,
  failed: Required<Outcome> & { readonly failure: { readonly error: unknown } },
  options: RunOptions,
): Promise<ScenarioFailed> {
  const { sim, failure } = failed
  const { seed } = sim
  const start = options.reduction ?? NOTHING_LEFT_OUT
  // A scenario that waits in real time would make every further run wait as long.
  const isStalled = reasonOf(failure.error) === STALLED
  const doubt = isStalled
    ? undefined
    : doubtOf(failed, await play(scenario, seed, options.reduction, options))
  if (isStalled || doubt !== undefined || options.reduction !== undefined)
    return found(sim, failure.error, start, doubt, options)
  let [smallest, error] = [sim, failure.error]
  const startedMs = realNowMs()
  const fails = async (reduction: Reduction): Promise<boolean> => {
    const outcome = await play(scenario, seed, reduction, options)
    if (outcome.failure === undefined || !isSameFailure(outcome.failure.error, failure.error)) return false
    smallest = outcome.sim
    error = outcome.failure.error
    return true
  }
  const goesOn = (): boolean => realNowMs() - startedMs < options.shrinkMs
  const reduction = await shrink(sim, start, fails, goesOn)
  return found(
    smallest,
    error,
    sim.script.length === 0 ? { ...reduction, faults: undefined } : reduction,
    undefined,
    options,
  )
}

/** Why the first run of a seed proves little: the second one was different. */
function doubtOf(
  first: Outcome & { readonly failure: { readonly error: unknown } },
  second: Outcome,
): string | undefined {
  const difference = firstDifference(first.sim.trace, second.sim.trace)
  const isSame = second.failure !== undefined && isSameFailure(first.failure.error, second.failure.error)
  if (difference === undefined && isSame) return undefined
  const again =
    second.failure === undefined
      ? 'passed'
      : isSame
        ? 'failed in the same way'
        : `failed with: ${reasonOf(second.failure.error)}`
  const where = difference === undefined ? 'The traces are the same.' : describeDifference(difference)
  return `The program is not deterministic: run again, this seed ${again}. ${where}`
}

async function found(
  simulation: Simulation,
  error: unknown,
  reduction: Reduction,
  doubt: string | undefined,
  { command, diagrams, title }: RunOptions,
): Promise<ScenarioFailed> {
  const fromMs = simulation.trace.arrows.at(-MOST_DRAWN)?.atMs ?? 0
  const diagram =
    diagrams === false
      ? undefined
      : await writeDiagram(diagrams, `${title} ${simulation.seed}`, simulation.svg({ fromMs }))
  return new ScenarioFailed({ simulation, error, reduction, doubt, diagram, command })
}

/** How many of the newest arrows a diagram has. */
const MOST_DRAWN = 1000
const STALLED =
  'the scenario waits while no time passes: await sim.run or sim.runUntil, and do all other waiting inside hosts'

const NO_TIME = 'no virtual time passed in the scenario: await sim.run or sim.runUntil'

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
}
