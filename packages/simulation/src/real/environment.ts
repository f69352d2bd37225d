/** The environment variable that names the one seed to run. */
export const SEED_VARIABLE = 'ROPEWALK_SEED'

/** Which runs the environment variables select. A variable that is not set leaves its field undefined. */
export interface WantedRuns {
  /** The one seed to run. */
  readonly only?: string
  /** No further run is started after so many real milliseconds. */
  readonly budgetMs?: number
}

/**
 * Reads `ROPEWALK_SEED` and `ROPEWALK_BUDGET_MS`.
 *
 * @throws {RangeError} when the budget is not a positive number of milliseconds.
 */
export function wantedRuns(environment: Readonly<NodeJS.ProcessEnv> = process.env): WantedRuns {
  const { [SEED_VARIABLE]: seed = '', [BUDGET_VARIABLE]: budget = '' } = environment
  const budgetMs = Number(budget)
  if (budget !== '' && !(budgetMs > 0))
    throw new RangeError(`Cannot read ${BUDGET_VARIABLE}=${budget}: give a number of milliseconds`)
  return { ...(seed === '' ? {} : { only: seed }), ...(budget === '' ? {} : { budgetMs }) }
}

const BUDGET_VARIABLE = 'ROPEWALK_BUDGET_MS'
