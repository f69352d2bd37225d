import type { DiskConditions } from './disk/disk-conditions.ts'
import type { FlowLimits } from './network/tcp-sender.ts'
import type { LinkConditions } from './network/network-rules.ts'

/**
 * What a run leaves out: planned faults or a part of their duration, and conditions of the network and the disks. As text, it
 * is a list such as `2:300,5,no-loss`.
 */
export interface Reduction {
  /**
   * The planned faults that happen, as places in the script, and for how many milliseconds; undefined as
   * duration is the planned one. Undefined: all of them.
   */
  readonly faults: ReadonlyMap<number, number | undefined> | undefined
  /** The conditions that are left out. */
  readonly calm: ReadonlySet<Calm>
}

/** A condition of the network, the disks or the programs that a run can leave out. */
export type Calm =
  | 'plain'
  | 'no-loss'
  | 'no-duplicates'
  | 'steady-latency'
  | 'no-cuts'
  | 'no-skew'
  | 'no-late-timers'
  | 'no-shuffle'
  | DiskCalm

/** A condition of all disks that a run can leave out. */
export type DiskCalm = 'steady-disk' | 'ordered-disk'

/** The conditions of a run. */
export interface RunConditions {
  /** Of all links. */
  readonly link: LinkConditions
  /** Of TCP at all hosts. */
  readonly limits: FlowLimits
  /** Of all disks. */
  readonly disk: DiskConditions
  /** By how much the rate of a host's clock differs from 1 at most. */
  readonly maxSkew: number
  /** How late a timer is at most, in milliseconds. */
  readonly lateMs: number
  /** Whether the order of events of different hosts at the same time is drawn from the seed. */
  readonly shufflesTies: boolean
}

type Change = (conditions: RunConditions, plain: RunConditions) => RunConditions

/** `plain` is first, because one word is easier to read than all others. */
const CALMS: { readonly [calm in Calm]: Change } = {
  plain: (_conditions, plain) => plain,
  'no-loss': (conditions) => ({ ...conditions, link: { ...conditions.link, lossPerMille: 0 } }),
  'no-duplicates': (conditions) => ({ ...conditions, link: { ...conditions.link, duplicatesPerMille: 0 } }),
  'steady-latency': (conditions) => {
    const [least] = conditions.link.latencyMs
    return { ...conditions, link: { ...conditions.link, latencyMs: [least, least] } }
  },
  'no-cuts': (conditions) => ({ ...conditions, limits: { ...conditions.limits, cuts: 'none' } }),
  'no-skew': (conditions) => ({ ...conditions, maxSkew: 0 }),
  'no-late-timers': (conditions) => ({ ...conditions, lateMs: 0 }),
  'no-shuffle': (conditions) => ({ ...conditions, shufflesTies: false }),
  'steady-disk': (conditions) => {
    const [[latency], [sync]] = [conditions.disk.latencyMs, conditions.disk.syncMs]
    return {
      ...conditions,
      disk: { ...conditions.disk, latencyMs: [latency, latency], syncMs: [sync, sync] },
    }
  },
  'ordered-disk': (conditions) => ({ ...conditions, disk: { ...conditions.disk, order: 'ordered' } }),
}

/** Whether it makes a difference only to programs that use a disk. */
export function isDiskCalm(calm: Calm): calm is DiskCalm {
  return calm === 'steady-disk' || calm === 'ordered-disk'
}

/** Leaves nothing out. */
export const NOTHING_LEFT_OUT: Reduction = { faults: undefined, calm: new Set() }

/**
 * The conditions without those that are left out.
 *
 * @param plain The conditions as they are when none is drawn from the seed.
 */
export function calmed(
  conditions: RunConditions,
  plain: RunConditions,
  calm: ReadonlySet<Calm>,
): RunConditions {
  // In the order of the table: `plain` would undo the others.
  return NAMES.filter((each) => calm.has(each)).reduce((rest, each) => CALMS[each](rest, plain), conditions)
}

/** What can be left out of these conditions. */
export function calmsOf(conditions: RunConditions, plain: RunConditions): readonly Calm[] {
  const before = JSON.stringify(conditions)
  return NAMES.filter((calm) => JSON.stringify(CALMS[calm](conditions, plain)) !== before)
}

/**
 * Reads a reduction: places of faults, each with its duration after a colon if that is not the planned one;
 * `none` for no fault; and conditions such as `no-loss`, or `plain` for none that is drawn from the seed.
 *
 * @throws {RangeError} for any other part.
 */
export function parseReduction(text: string): Reduction {
  const calm = new Set<Calm>()
  const faults = new Map<number, number | undefined>()
  const parts = text.split(',').map((part) => part.trim())
  for (const part of parts) {
    const [, place, forMs] = /^(\d+)(?::(\d+(?:\.\d+)?))?$/.exec(part) ?? []
    if (place !== undefined) faults.set(Number(place), forMs === undefined ? undefined : Number(forMs))
    else if (isCalm(part)) calm.add(part)
    else if (part !== NONE) throw new RangeError(`Cannot read "${part}" as a fault to run: give ${WANTED}`)
  }
  return { faults: faults.size > 0 || parts.includes(NONE) ? faults : undefined, calm }
}

/** Formats a reduction as `parseReduction` reads it; empty when nothing is left out. */
export function formatReduction({ faults, calm }: Reduction): string {
  const places = Array.from(faults ?? [], ([at, forMs]) => (forMs === undefined ? `${at}` : `${at}:${forMs}`))
  const none = faults?.size === 0 ? [NONE] : []
  return [...none, ...places, ...calm].join(',')
}

function isCalm(part: string): part is Calm {
  return Object.hasOwn(CALMS, part)
}

const NAMES = Object.keys(CALMS) as readonly Calm[]
const NONE = 'none'
const WANTED = `places in the script, such as 2 or 2:300 for 300 ms; none; or ${NAMES.join(', ')}`
