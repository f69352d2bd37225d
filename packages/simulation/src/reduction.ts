import type { FlowLimits } from './network/tcp-sender.ts'
import type { LinkConditions } from './network/link.ts'

/**
 * What a run leaves out: planned faults or a part of their duration, and conditions of the network. As text, it
 * is a list such as `2:300,5,no-loss`.
 */
export interface Reduction {
  /**
   * The planned faults that happen, as places in the script, and for how many milliseconds; undefined as
   * duration is the planned one. Undefined: all of them.
   */
  readonly faults: ReadonlyMap<number, number | undefined> | undefined
  /** The conditions of the network that are left out. */
  readonly calm: ReadonlySet<Calm>
}

/** A condition of the network that a run can leave out. */
export type Calm = 'no-loss' | 'no-duplicates' | 'steady-latency' | 'no-cuts'

/** Conditions of all links, and TCP limits of all hosts. */
export interface NetworkConditions {
  readonly link: LinkConditions
  readonly limits: FlowLimits
}

const CALMS: { readonly [calm in Calm]: (conditions: NetworkConditions) => NetworkConditions } = {
  'no-loss': ({ link, limits }) => ({ link: { ...link, lossPerMille: 0 }, limits }),
  'no-duplicates': ({ link, limits }) => ({ link: { ...link, duplicatesPerMille: 0 }, limits }),
  'steady-latency': ({ link, limits }) => {
    const [least] = link.latencyMs
    return { link: { ...link, latencyMs: [least, least] }, limits }
  },
  'no-cuts': ({ link, limits }) => ({ link, limits: { ...limits, cuts: 'none' } }),
}

/** Leaves nothing out. */
export const NOTHING_LEFT_OUT: Reduction = { faults: undefined, calm: new Set() }

/** The conditions without those that are left out. */
export function calmed(conditions: NetworkConditions, calm: ReadonlySet<Calm>): NetworkConditions {
  return Array.from(calm).reduce((rest, each) => CALMS[each](rest), conditions)
}

/** What can be left out of these conditions. */
export function calmsOf(conditions: NetworkConditions): readonly Calm[] {
  const before = JSON.stringify(conditions)
  return (Object.keys(CALMS) as Calm[]).filter((calm) => JSON.stringify(CALMS[calm](conditions)) !== before)
}

/**
 * Reads a reduction: places of faults, each with its duration after a colon if that is not the planned one;
 * `none` for no fault; and conditions such as `no-loss`.
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

const NONE = 'none'
const WANTED = `places in the script, such as 2 or 2:300 for 300 ms; none; or ${Object.keys(CALMS).join(', ')}`
