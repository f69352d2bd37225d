/** A run has failed; `seed` makes it fail again. */
export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed'
  readonly seed: string
  /** Virtual time of the failure. */
  readonly atMs: number

  constructor(seed: string, atMs: number, why: string, cause: unknown) {
    const explained = cause instanceof Error ? `: ${cause.message}` : ''
    super(`Seed ${seed} at ${atMs.toFixed(3)} ms: ${why}${explained}`, { cause })
    this.seed = seed
    this.atMs = atMs
  }
}
