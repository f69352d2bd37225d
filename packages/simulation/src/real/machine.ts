import { readFile } from 'node:fs/promises'

/** Reads a file as UTF-8. @throws {Error} (rejects) the error of the operating system. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

/** Resolves in the next turn of the real event loop, after all pending promise jobs and `process.nextTick` callbacks. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Real milliseconds, for budgets only: a simulation must not depend on them. */
export function realNowMs(): number {
  return performance.now()
}
