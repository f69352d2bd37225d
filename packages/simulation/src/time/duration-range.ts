import { listOf, milliseconds, type OptionRule } from '@ropewalk/core/options'

/** Two numbers of milliseconds, the shortest and the longest; `wanted` names them in errors. */
export function durationRange(wanted: string): OptionRule {
  return (value) => {
    const problem = listOf(milliseconds())(value)
    if (problem !== undefined) return problem
    const times = value as readonly number[]
    const [shortest = 0, longest = 0] = times
    return times.length === 2 && shortest <= longest ? undefined : { kind: 'range', wanted }
  }
}
