import { readFile } from 'node:fs/promises'

/** Reads a file as UTF-8. @throws {Error} (rejects) the error of the operating system. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

/**
 * Returns which timer of this process a library for tests has replaced by one that its own clock calls; undefined when
 * none is.
 */
export function fakedTimer(): string | undefined {
  return TIMERS.find((name) => 'clock' in globalThis[name])
}

/** Resolves in the next turn of the real event loop, after all pending promise jobs and `process.nextTick` callbacks. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Real milliseconds, for budgets only: a simulation must not depend on them. */
export function realNowMs(): number {
  return performance.now()
}

/** The timers without which no time would pass. A timer that `@sinonjs/fake-timers` makes has its clock. */
const TIMERS = ['setImmediate', 'setTimeout'] as const
