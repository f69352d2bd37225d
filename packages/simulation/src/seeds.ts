import { attempt, play, type RunOptions, type Scenario } from './attempt.ts'
import { realNowMs } from './real/machine.ts'
import { reasonOf } from './same-failure.ts'
import { type Coverage, Tally } from './tally.ts'

/** Which seeds are run: `seed-0`, `seed-1` and so on. */
export interface Seeds {
  readonly seed: string
  readonly runs: number
  /** No new run begins after this many real milliseconds. */
  readonly budgetMs: number
  readonly only: string | undefined
}

/** Runs seeds one after the other. @throws {ScenarioFailed} (rejects) at the first that fails. */
export async function runSeeds(
  scenario: Scenario,
  { seed, runs, budgetMs, only }: Seeds,
  options: RunOptions,
): Promise<Coverage> {
  const tally = new Tally()
  const startedMs = realNowMs()
  for (let run = 0; run < runs && realNowMs() - startedMs < budgetMs; run++) {
    tally.addRun(await attempt(scenario, only ?? `${seed}-${run}`, options))
    if (only !== undefined) break
  }
  return tally.coverage
}

/** A part of the seeds, for one worker thread: every `step`th run from `from`. It can be cloned. */
export interface Share extends Omit<Seeds, 'only'> {
  /** The URL of the module whose default export is the scenario. */
  readonly module: string
  readonly from: number
  readonly step: number
  readonly options: Omit<RunOptions, 'command' | 'reduction'>
  /** The lowest run that has failed in any thread. */
  readonly lowest: Int32Array
}

/** What a worker thread has found: the coverage of the runs that passed, and why a run failed. */
export interface ShareResult {
  readonly coverage: Coverage
  readonly failure: { readonly run: number; readonly why: string } | undefined
}

/** Runs a part of the seeds, until one fails, or a lower one has failed in another thread. */
export async function runShare(share: Share): Promise<ShareResult> {
  const { seed, runs, budgetMs, from, step, options, lowest } = share
  const scenario = await loadScenario(share.module)
  const tally = new Tally()
  const startedMs = realNowMs()
  for (let run = from; run < runs && run < Atomics.load(lowest, 0); run += step) {
    if (realNowMs() - startedMs >= budgetMs) break
    const { sim, failure } = await play(scenario, `${seed}-${run}`, undefined, options)
    if (failure !== undefined) {
      lower(lowest, run)
      return { coverage: tally.coverage, failure: { run, why: reasonOf(failure.error) } }
    }
    tally.addRun(sim)
  }
  return { coverage: tally.coverage, failure: undefined }
}

/**
 * Loads a module whose default export is a scenario.
 *
 * @throws {TypeError} (rejects) when it has no function as default export.
 */
export async function loadScenario(module: string): Promise<Scenario> {
  const { default: scenario } = (await import(module)) as { readonly default: unknown }
  if (typeof scenario === 'function') return scenario as Scenario
  throw new TypeError(`Cannot run ${module}: its default export must be a function that takes a simulation`)
}

function lower(lowest: Int32Array, run: number): void {
  for (let known = Atomics.load(lowest, 0); run < known; known = Atomics.load(lowest, 0))
    if (Atomics.compareExchange(lowest, 0, known, run) === known) return
}
