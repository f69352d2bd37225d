/** What came of a target. A disturbed measurement neither meets nor misses it. */
export type Verdict = 'met' | 'not met' | 'inconclusive'

/** A target with its outcome, as tables show it. */
export interface Outcome {
  /** Such as `≥ 0.97 × node:net`. */
  readonly target: string
  /** With its unit. */
  readonly reached: string
  readonly verdict: Verdict
}

/**
 * Compares a figure with the target, with the two digits that tables show of both.
 *
 * @param bound Whether the target is the least or the most.
 */
export function verdictOn(
  reached: number,
  bound: 'least' | 'most',
  target: number,
  isInconclusive: boolean = false,
): Verdict {
  if (isInconclusive) return 'inconclusive'
  const shown = Number(reached.toFixed(2))
  return (bound === 'least' ? shown >= target : shown <= target) ? 'met' : 'not met'
}

/** Counts the outcomes, for the end of a run. */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const countOf = (verdict: Verdict): number => outcomes.filter((one) => one.verdict === verdict).length
  const unclear = countOf('inconclusive')
  return (
    `${countOf('met')} of ${outcomes.length} targets are met` +
    (unclear === 0 ? '' : `, ${unclear} inconclusive`)
  )
}
