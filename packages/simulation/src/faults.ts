import { count, filledText, listOf, milliseconds, oneOf, type OptionRules } from '@ropewalk/core/options'
import type { Random } from './random.ts'

/** A kind of fault. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** A fault that begins at a virtual time and ends later. */
export interface Fault {
  readonly kind: FaultKind
  /** When it begins: virtual milliseconds after `inject` or `injectFaults` was called. */
  readonly atMs: number
  /** How long it lasts, in virtual milliseconds. `reset` and `calendar jump` are over at once. */
  readonly forMs: number
  /** The name of the affected host, or of the host at one end of the affected link. */
  readonly one: string
  /** The name of the host at the other end. */
  readonly other: string
}

/** Which faults `injectFaults` plans, and when. */
export interface FaultPlan {
  /** Every fault begins within this many virtual milliseconds from now. */
  readonly withinMs: number
  /** Most faults; the actual number follows from the seed. Default 5. */
  readonly most?: number | undefined
  /** Longest duration of a fault, in virtual milliseconds. Default 5 000. */
  readonly longestMs?: number | undefined
  /** The kinds to choose from. Default: every kind. */
  readonly kinds?: readonly FaultKind[] | undefined
  /** The names of the hosts that faults affect, alone or with the link between two of them. Default: all. */
  readonly hosts?: readonly string[] | undefined
}

/** Makes a script of faults between these hosts, sorted by time; all choices follow from `random`. */
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

/** Formats a fault as one line of text. */
export function describeFault({ kind, atMs, forMs, one, other }: Fault): string {
  const where = BETWEEN_TWO.has(kind) ? `${one} and ${other}` : one
  const duration = isOverAtOnce(kind) ? '' : ` for ${forMs} ms`
  return `${kind} at ${atMs} ms${duration}: ${where}`
}

/** Whether a fault of this kind has no duration. */
export function isOverAtOnce(kind: FaultKind): boolean {
  return OVER_AT_ONCE.has(kind)
}

/** The kinds that affect the link between two hosts; the other kinds affect one host. */
const BETWEEN_TWO: ReadonlySet<FaultKind> = new Set(['partition', 'one way', 'hold', 'reset', 'slow link'])
const OVER_AT_ONCE: ReadonlySet<FaultKind> = new Set(['reset', 'calendar jump'])
/** Every kind of fault. */
export const FAULT_KINDS = [
  'partition',
  'one way',
  'hold',
  'reset',
  'crash',
  'kill',
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
  'slow disk',
  'full disk',
  'failing fsync',
] as const

/** The rules for the options of a fault plan. */
export const FAULT_PLAN_RULES: OptionRules<FaultPlan> = {
  withinMs: milliseconds(),
  most: count(),
  longestMs: milliseconds({ least: 1 }),
  kinds: listOf(oneOf(...FAULT_KINDS)),
  hosts: listOf(filledText),
}

/** The rules for the fields of a fault. */
export const FAULT_RULES: OptionRules<Fault> = {
  kind: oneOf(...FAULT_KINDS),
  atMs: milliseconds(),
  forMs: milliseconds(),
  one: filledText,
  other: filledText,
}
