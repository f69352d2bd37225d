/** The median of numbers in any order; the mean of the two in the middle when their count is even. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The median of several numbers, and the least and the most of them. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/**
 * The ratios of measurements made in the same round.
 *
 * A disturbance of the machine lasts longer than a round as a rule, and so changes both measurements of a ratio.
 *
 * @param ours One figure for each round.
 * @param theirs The figure of the peer in the same round, at the same index.
 */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): Spread {
  const ratios = ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN))
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}
