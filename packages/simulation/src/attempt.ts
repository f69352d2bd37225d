import { describeLeak } from './call-site.ts'
import { writeDiagram } from './real/diagram-file.ts'
import { nextTurn, realNowMs } from './real/machine.ts'
import { watchStall } from './real/real-work.ts'
import { watchTimers } from './real/scenario-timers.ts'
import { causesOf, errorText } from './error-text.ts'
import { nodePrograms } from './node-programs.ts'
import { formatReduction, NOTHING_LEFT_OUT, type Reduction } from './reduction.ts'
import { runningHost, SimulationFailed } from './run-loop.ts'
import { isSameFailure, reasonOf } from './same-failure.ts'
import { ScenarioFailed } from './scenario-failed.ts'
import { shrink } from './shrink.ts'
import { Simulation } from './simulation.ts'
import type { SimulationOptions } from './simulation-options.ts'
import { describeDifference, firstDifference } from './trace-difference.ts'

/** One run of a test. It must be deterministic for a given simulation, and throws when a check fails. */
export type Scenario = (sim: Simulation) => Promise<void>

/** How a scenario is run with one seed. */
export interface RunOptions {
  readonly simulation: Omit<SimulationOptions, 'seed' | 'faults'>
  /** Fails a run that leaves a connection, port or timer open. */
  readonly failOnLeaks: boolean
  /** Returns the command that runs a seed again. */
  readonly command: (seed: string, faults?: string) => string
  /** What every run leaves out. */
  readonly reduction: Reduction | undefined
  /** How long a failed run is made smaller, in real milliseconds. */
  readonly shrinkMs: number
  /** The folder of diagrams. */
  readonly diagrams: string | false
  /** The beginning of the name of a diagram. */
  readonly title: string
}

/** One run of a scenario; `failure` is undefined when it passed. */
export interface Outcome {
  readonly sim: Simulation
  readonly failure: { readonly error: unknown } | undefined
}

/**
 * Runs a scenario with one seed.
 *
 * @throws {ScenarioFailed} (rejects) when it fails, after further runs that find what the failure needs.
 */
export async function attempt(scenario: Scenario, seed: string, options: RunOptions): Promise<Simulation> {
  const { sim, failure } = await play(scenario, seed, options.reduction, options)
  if (failure === undefined) return sim
  throw await explain(scenario, { sim, failure }, options)
}

/** Runs a scenario with one seed once. */
export async function play(
  scenario: Scenario,
  seed: string,
  reduction: Reduction | undefined,
  options: Pick<RunOptions, 'simulation' | 'failOnLeaks'>,
): Promise<Outcome> {
  const faults = reduction === undefined ? {} : { faults: formatReduction(reduction) || undefined }
  const sim = new Simulation({ ...options.simulation, seed, ...faults })
  try {
    await played(scenario, sim, options)
    return { sim, failure: undefined }
  } catch (error) {
    return { sim, failure: { error } }
  } finally {
    nodePrograms()?.forget()
  }
}

/** Runs a scenario once. Rejects when it makes no progress, or leaves state or leaks. */
async function played(
  scenario: Scenario,
  sim: Simulation,
  { failOnLeaks }: Pick<RunOptions, 'failOnLeaks'>,
): Promise<void> {
  let events = sim.events
  const isMoving = (): boolean => {
    const before = events
    events = sim.events
    return sim.isRunning || events > before
  }
  const watch = watchStall(isMoving, STALLED)
  const timers = watchTimers(() => scenario(sim), isOutside, waitsInRealTime)
  try {
    await Promise.race([timers.result, watch.stalled, timers.fired])
    if (await endOfRun(sim)) throw new Error(NOT_AWAITED)
  } catch (error) {
    const advice = error instanceof SimulationFailed ? undefined : await adviceFor(error, sim)
    throw advice === undefined ? error : new Error(`${errorText(error)}; ${advice}`, { cause: error })
  } finally {
    watch.stop()
    timers.stop()
  }
  if (sim.nowMs === 0) throw new Error(NO_TIME)
  sim.finish()
  const leftovers = sim.leftovers()
  if (leftovers.length > 0) throw new Error(leftovers.join('\n  '))
  const leaks = failOnLeaks ? sim.leaks() : []
  if (leaks.length > 0) throw new Error(leaks.map(describeLeak).join('\n  '))
}

function isOutside(): boolean {
  return runningHost() === undefined
}

function waitsInRealTime(setAt: string): Error {
  return new Error(`${REAL_TIMER}, set ${setAt}: ${AWAIT}, or call sim.at`)
}

/** What to do about an error that code outside of hosts threw; undefined when that is not known. */
async function adviceFor(error: unknown, sim: Simulation): Promise<string | undefined> {
  if (await endOfRun(sim)) return `it failed while virtual time passed: ${AWAIT}`
  const host = sim.hosts.find(({ name }) => causesOf(error).some((cause) => hostnameOf(cause) === name))
  return host && `only programs of hosts reach "${host.name}": call it in a program of sim.node or sim.host`
}

/** The name that a lookup of Node did not find. */
function hostnameOf(error: unknown): unknown {
  return error instanceof Error && 'hostname' in error ? error.hostname : undefined
}

/**
 * Waits until virtual time passes no more: a run that the scenario did not await would go on beside the next seed.
 *
 * @returns whether it did pass.
 */
async function endOfRun(sim: Simulation): Promise<boolean> {
  if (!sim.isRunning) return false
  const startedMs = realNowMs()
  while (sim.isRunning && realNowMs() - startedMs < LONGEST_END_MS) await nextTurn()
  return true
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
  const why = reasonOf(failure.error)
  const isStalled = why === STALLED || why.startsWith(REAL_TIMER)
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
  const where = difference === undefined ? SAME_TRACES : describeDifference(difference)
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
const SAME_TRACES =
  'The traces are the same: look for random numbers, and for variables outside of the scenario that a run changes'
const AWAIT = 'await sim.run or sim.runUntil'
const STALLED = `the scenario waits while no time passes: ${AWAIT}, and do all other waiting inside hosts`
const REAL_TIMER = 'the scenario waits for a real timer, which does not follow virtual time'
const NO_TIME = `no virtual time passed in the scenario: ${AWAIT}`
const NOT_AWAITED = `the scenario ended while virtual time passed: ${AWAIT}`
/** How long a run that was not awaited may take to end, in real milliseconds. */
const LONGEST_END_MS = 5_000
