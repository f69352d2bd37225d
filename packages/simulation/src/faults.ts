import { count, listOf, milliseconds, oneOf, type OptionRules } from '@ropewalk/core/options'
import type { Random } from './random.ts'

/** What can go wrong. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Something that goes wrong at a moment of virtual time, and is mended later. */
export interface Fault {
  readonly kind: FaultKind
  readonly atMs: number
  readonly forMs: number
  /** The host it happens to, or one end of the way it happens to. */
  readonly one: string
  /** The other end. */
  readonly other: string
}

/** Which faults to make, and when. */
export interface FaultPlan {
  /** Virtual milliseconds from now in which they begin. */
  readonly withinMs: number
  /** Most faults; how many there are follows from the seed. Default 5. */
  readonly most?: number | undefined
  /** Longest time until one is mended. Default 5 000. */
  readonly longestMs?: number | undefined
  /** Default: every kind. */
  readonly kinds?: readonly FaultKind[] | undefined
}

/** Makes a script of faults between these hosts: what follows from `random`. */
export function randomFaults(
  random: Random,
  hosts: readonly string[],
  { withinMs, most = 5, longestMs = 5000, kinds = FAULT_KINDS }: FaultPlan,
): Fault[] {
  const faults = Array.from({ length: random.between(0, most) }, (): Fault => {
    const one = random.pick(hosts) ?? ''
    return {
      kind: random.pick(kinds) ?? 'partition',
      atMs: random.between(0, withinMs),
      forMs: random.between(1, longestMs),
      one,
      other: random.pick(hosts.filter((name) => name !== one)) ?? one,
    }
  })
  return faults.toSorted((before, after) => before.atMs - after.atMs)
}

/** A fault in one line. */
export function describeFault({ kind, atMs, forMs, one, other }: Fault): string {
  const where = BETWEEN_TWO.has(kind) ? `${one} and ${other}` : one
  return `at ${atMs} ms for ${forMs} ms: ${kind}, ${where}`
}

/** What happens to whom: the same for faults that are the same while they last. */
export function targetOf({ kind, one, other }: Fault): string {
  if (!BETWEEN_TWO.has(kind)) return `${kind} ${one}`
  return [kind, ...(kind === 'one way' ? [one, other] : [one, other].toSorted())].join(' ')
}

/** Those that happen to the way between two hosts. */
const BETWEEN_TWO: ReadonlySet<FaultKind> = new Set(['partition', 'one way', 'hold', 'reset', 'slow link'])
/** Every kind, as scripts are made up of. */
export const FAULT_KINDS = [
  'partition',
  'one way',
  'hold',
  'reset',
  'crash',
  'stand still',
  'freeze',
  'slow link',
  'slow reader',
  'full backlog',
  'no descriptors',
  'no names',
  'slow names',
  'fast clock',
  'calendar jump',
] as const

/** What a plan of faults accepts. */
export const FAULT_PLAN_RULES: OptionRules<FaultPlan> = {
  withinMs: milliseconds(),
  most: count(),
  longestMs: milliseconds({ least: 1 }),
  kinds: listOf(oneOf(...FAULT_KINDS)),
}
