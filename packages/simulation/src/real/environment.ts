import { readFile } from 'node:fs/promises'

/** The environment variable that names the one seed to run. */
export const SEED_VARIABLE = 'ROPEWALK_SEED'

/** What the environment asks of runs; what it does not ask is undefined. */
export interface WantedRuns {
  /** The one seed to run. */
  readonly only?: string
  /** Real milliseconds to be filled with runs. */
  readonly budgetMs?: number
}

/** Reads `ROPEWALK_SEED` and `ROPEWALK_BUDGET_MS`. @throws {RangeError} when the budget is no number of milliseconds. */
export function wantedRuns(environment: Readonly<NodeJS.ProcessEnv> = process.env): WantedRuns {
  const { [SEED_VARIABLE]: seed = '', [BUDGET_VARIABLE]: budget = '' } = environment
  const budgetMs = Number(budget)
  if (budget !== '' && !(budgetMs > 0))
    throw new RangeError(`Cannot read ${BUDGET_VARIABLE}=${budget}: give a number of milliseconds`)
  return { ...(seed === '' ? {} : { only: seed }), ...(budget === '' ? {} : { budgetMs }) }
}

/** The text of a file. @throws {Error} (rejects) the system's. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

/** All promises that can go on have gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Real milliseconds, for budgets; nothing within a simulation may depend on them. */
export function realNowMs(): number {
  return performance.now()
}

const BUDGET_VARIABLE = 'ROPEWALK_BUDGET_MS'
