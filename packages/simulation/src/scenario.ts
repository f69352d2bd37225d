import { describeLeak } from './call-site.ts'
import { describeFault, type Fault, FAULT_KINDS, type FaultKind } from './faults.ts'
import { NetworkStats } from './network/network-stats.ts'
import { SEED_VARIABLE, wantedRuns } from './real/environment.ts'
import { realNowMs } from './real/machine.ts'
import { watchStall } from './real/real-work.ts'
import { Simulation, SIMULATION_RULES, type SimulationOptions } from './simulation.ts'
import {
  anyText,
  callable,
  checkOptions,
  count,
  flag,
  milliseconds,
  type OptionRules,
} from '@ropewalk/core/options'

/** The options of `simulateAll` and `simulate`. */
export interface SimulateOptions extends Omit<SimulationOptions, 'seed' | 'faults'> {
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
  /** Returns the command that runs a seed again, for messages. Default: `ROPEWALK_SEED=` and the seed. */
  readonly command?: ((seed: string) => string) | undefined
}

/** One run of a test. It must be deterministic for a given simulation, and throws when a check fails. */
export type Scenario = (sim: Simulation) => Promise<void>

/** Totals over all runs. */
export interface Coverage {
  readonly runs: number
  readonly virtualMs: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  readonly network: Readonly<NetworkStats>
}

/** A scenario failed. A run with the same `seed` fails again. */
export class ScenarioFailed extends Error {
  override readonly name = 'ScenarioFailed'
  readonly seed: string
  /** The planned faults that the failure needs. */
  readonly script: readonly Fault[]

  /** @param again The command that runs the seed again. */
  constructor(seed: string, script: readonly Fault[], again: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const faults = script.map((fault) => `\n    ${describeFault(fault)}`)
    const needs =
      script.length === 0
        ? '\n  It needs no fault to fail.'
        : `\n  It fails with these faults:${faults.join('')}`
    super(`Seed ${seed}: ${why}${needs}\n  Try it again with ${again}`, { cause })
    this.seed = seed
    this.script = script
  }
}

/**
 * Runs `scenario` once for each seed, one after the other.
 *
 * @throws {ScenarioFailed} (rejects) at the first seed that fails, without the planned faults that the
 * failure does not need.
 */
export async function simulateAll(scenario: Scenario, given: SimulateOptions = {}): Promise<Coverage> {
  checkOptions('simulateAll', given, SIMULATE_RULES)
  const {
    runs = 100,
    budgetMs = Infinity,
    seed = 0,
    only = wantedRuns().only,
    command = bySeed,
    failOnLeaks = false,
    ...simulation
  } = given
  const startedMs = realNowMs()
  const faults: Partial<Record<FaultKind, number>> = {}
  const network = new NetworkStats()
  let [done, virtualMs] = [0, 0]
  for (let run = 0; run < runs && realNowMs() - startedMs < budgetMs; run++) {
    const sim = await attempt(scenario, only ?? `${seed}-${run}`, { simulation, failOnLeaks, command })
    done++
    virtualMs += sim.nowMs
    network.add(sim.network.stats)
    for (const kind of FAULT_KINDS)
      if (sim.faultsSeen[kind] !== undefined) faults[kind] = (faults[kind] ?? 0) + sim.faultsSeen[kind]
    if (only !== undefined) break
  }
  return { runs: done, virtualMs, faults, network }
}

interface RunOptions {
  readonly simulation: Omit<SimulationOptions, 'seed'>
  readonly failOnLeaks: boolean
  readonly command: (seed: string) => string
}

function bySeed(seed: string): string {
  return `${SEED_VARIABLE}=${seed}`
}

async function attempt(scenario: Scenario, seed: string, options: RunOptions): Promise<Simulation> {
  const sim = new Simulation({ ...options.simulation, seed })
  try {
    await played(scenario, sim, options)
    return sim
  } catch (error) {
    throw await smallest(scenario, seed, options, sim, error)
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
  const leftovers = sim.leftovers()
  if (leftovers.length > 0) throw new Error(leftovers.join('\n  '))
  const leaks = failOnLeaks ? sim.leaks() : []
  if (leaks.length > 0) throw new Error(leaks.map(describeLeak).join('\n  '))
}

/**
 * Runs the scenario again without each of its faults in turn, and leaves out those without which it still
 * fails.
 */
async function smallest(
  scenario: Scenario,
  seed: string,
  options: RunOptions,
  failed: Simulation,
  first: unknown,
): Promise<ScenarioFailed> {
  let wanted = new Set(failed.script.keys())
  let error = first
  for (const at of failed.script.keys()) {
    const fewer = new Set(wanted)
    fewer.delete(at)
    const why = await failure(
      scenario,
      new Simulation({ ...options.simulation, seed, faults: fewer }),
      options,
    )
    if (why === undefined) continue
    wanted = fewer
    error = why.error
  }
  return new ScenarioFailed(
    seed,
    failed.script.filter((_fault, at) => wanted.has(at)),
    options.command(seed),
    error,
  )
}

async function failure(
  scenario: Scenario,
  sim: Simulation,
  options: RunOptions,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await played(scenario, sim, options)
    return undefined
  } catch (error) {
    return { error }
  }
}

const STALLED =
  'the scenario waits while no time passes: await sim.run or sim.runUntil, and do all other waiting inside hosts'

const { faults: _ofOneRun, ...SHARED_RULES } = SIMULATION_RULES
const SIMULATE_RULES: OptionRules<SimulateOptions> = {
  ...SHARED_RULES,
  runs: count({ least: 1, endless: true }),
  budgetMs: milliseconds({ endless: true }),
  only: anyText,
  failOnLeaks: flag,
  command: callable,
}
