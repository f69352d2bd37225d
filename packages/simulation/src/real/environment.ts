import { readFile } from 'node:fs/promises'

/** The environment variable that names the one seed to run. */
export const SEED_VARIABLE = 'ROPEWALK_SEED'

/** Which runs the environment asks for. A variable that is not set leaves its field undefined. */
export interface WantedRuns {
  /** The one seed to run. */
  readonly only?: string
  /** How long to go on with runs, in real milliseconds. */
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

/** Reads a file as UTF-8. @throws {Error} (rejects) the error of the operating system. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

/** Resolves in the next check phase, after all pending promise jobs and `process.nextTick` callbacks. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Real milliseconds, for budgets only: a simulation must not depend on them. */
export function realNowMs(): number {
  return performance.now()
}

const BUDGET_VARIABLE = 'ROPEWALK_BUDGET_MS'
