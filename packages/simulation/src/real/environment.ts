/** The environment variable that names the one seed to run. */
export const SEED_VARIABLE = 'ROPEWALK_SEED'

/** The environment variable that names what a run with one seed does: see `parseReduction`. */
export const FAULTS_VARIABLE = 'ROPEWALK_FAULTS'

/** Which runs the environment variables select. A variable that is not set leaves its field undefined. */
export interface WantedRuns {
  /** The one seed to run. */
  readonly only?: string
  /** What the run of that seed leaves out, as text for `parseReduction`. */
  readonly faults?: string
  /** No further run is started after so many real milliseconds. */
  readonly budgetMs?: number
}

/**
 * Reads `ROPEWALK_SEED`, `ROPEWALK_FAULTS` and `ROPEWALK_BUDGET_MS`.
 *
 * @throws {RangeError} when the budget is not a positive number of milliseconds, or the faults are given
 * without a seed.
 */
export function wantedRuns(environment: Readonly<NodeJS.ProcessEnv> = process.env): WantedRuns {
  const {
    [SEED_VARIABLE]: seed = '',
    [FAULTS_VARIABLE]: faults = '',
    [BUDGET_VARIABLE]: budget = '',
  } = environment
  const budgetMs = Number(budget)
  if (budget !== '' && !(budgetMs > 0))
    throw new RangeError(`Cannot read ${BUDGET_VARIABLE}=${budget}: give a number of milliseconds`)
  if (faults !== '' && seed === '')
    throw new RangeError(`Cannot run ${FAULTS_VARIABLE}=${faults}: give the seed in ${SEED_VARIABLE}`)
  return {
    ...(seed === '' ? {} : { only: seed }),
    ...(budget === '' ? {} : { budgetMs }),
    ...(faults === '' ? {} : { faults }),
  }
}

/** Quotes faults for a shell where that is necessary. */
export function quotedFaults(faults: string): string {
  return /^[\w.,:%-]+$/.test(faults) ? faults : `'${faults.replaceAll("'", String.raw`'\''`)}'`
}

const BUDGET_VARIABLE = 'ROPEWALK_BUDGET_MS'
