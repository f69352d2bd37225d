import type { HowMeasured } from './results.ts'

/** How often and how long something was measured, as a sentence. */
export function roundsText({ rounds, seconds }: Pick<HowMeasured, 'rounds' | 'seconds'>): string {
  const each = seconds.length === 0 ? '' : ` of ${seconds.toSorted((a, b) => a - b).join(' or ')} s`
  return rounds === 1
    ? `Each figure is from one round${each}.`
    : `Each figure is the median of ${rounds} rounds${each}.`
}
