/** All promises that can go on have gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Real milliseconds, for budgets; nothing within a simulation may depend on them. */
export function realNowMs(): number {
  return performance.now()
}
