// What a power failure leaves of a file. Its unsynced changes are numbered; version 3 of the file is its content after
// the first three. The disk has a length and sectors, each as some version had it: the operating system writes sectors
// in any order, each once or several times, as it was then. A plan chooses the version of the length and of each
// sector. `ordered` and `hostile` differ in what they allow.

import type { Random } from '../random.ts'
import type { DiskOrder } from './disk-conditions.ts'
import { type Change, FileContent, lengthAfter } from './file-content.ts'

/**
 * Draws what is left of unsynced changes: none of them, all, or parts of them in sectors of 512 bytes.
 *
 * @param durable The content before the changes. It may be changed and returned: the caller must not use it later.
 */
export function survivors(
  durable: FileContent,
  changes: readonly Change[],
  random: Random,
  order: DiskOrder,
): FileContent {
  if (changes.length === 0) return durable
  const luck = random.pick(LUCK)
  const plan = luck === 'some' ? PLANS[order](durable.length, changes, random) : undefined
  if (plan !== undefined) return assembled(durable, changes, plan)
  if (luck === 'all') for (const change of changes) durable.apply(change)
  return durable
}

/** What is on the disk: the length, and the version of each sector that a change has touched. */
interface Plan {
  readonly length: number
  readonly versions: ReadonlyMap<number, number>
}

function assembled(durable: FileContent, changes: readonly Change[], plan: Plan): FileContent {
  const result = Buffer.alloc(plan.length)
  durable.copyTo(result, 0, plan.length)
  const content = new FileContent(durable.copy())
  for (let version = 0; version <= changes.length; version++) {
    const change = changes[version - 1]
    if (change !== undefined) content.apply(change)
    for (const [sector, wanted] of plan.versions) {
      if (wanted !== version) continue
      const [from, to] = [sector * SECTOR_BYTES, Math.min((sector + 1) * SECTOR_BYTES, plan.length)]
      result.fill(0, from, to)
      content.copyTo(result, from, to)
    }
  }
  return new FileContent(result)
}

type Planning = (length: number, changes: readonly Change[], random: Random) => Plan

function hostilePlan(lengthBefore: number, changes: readonly Change[], random: Random): Plan {
  const lengths = lengthsOf(lengthBefore, changes)
  const length = lengths[random.between(0, changes.length)] ?? 0
  const sectors = touchedSectors(lengths, changes, length)
  return { length, versions: new Map(sectors.map((sector) => [sector, random.between(0, changes.length)])) }
}

function orderedPlan(lengthBefore: number, changes: readonly Change[], random: Random): Plan {
  const lengths = lengthsOf(lengthBefore, changes)
  let version = random.between(0, changes.length)
  let length = lengths[version] ?? 0
  // After a file was cut, its new bytes go to other sectors of the disk. They are seen only once the cut is durable.
  const cut = lengths.findIndex((bytes, at) => at > version && bytes < (lengths[at - 1] ?? 0))
  const newest = cut === -1 ? changes.length : cut - 1
  // The bytes below this place have been in the file all the time, and are overwritten where they are.
  const old = Math.min(...lengths.slice(0, version + 1))
  const next = lengths[version + 1] ?? 0
  if (version < newest && next > length) {
    const [first, last] = [Math.floor(length / SECTOR_BYTES) + 1, Math.ceil(next / SECTOR_BYTES) - 1]
    if (first <= last && random.chance(0.5)) {
      length = random.between(first, last) * SECTOR_BYTES
      version++
    }
  }
  const versions = new Map<number, number>()
  for (const sector of touchedSectors(lengths, changes, length)) {
    const isNew = Math.min((sector + 1) * SECTOR_BYTES, length) > old
    versions.set(sector, random.between(isNew ? version : 0, newest))
  }
  return { length, versions }
}

/** The length of each version. */
function lengthsOf(lengthBefore: number, changes: readonly Change[]): readonly number[] {
  const lengths = [lengthBefore]
  for (const change of changes) lengths.push(lengthAfter(lengths.at(-1) ?? 0, change))
  return lengths
}

/** The sectors below `length` that any change touches, in their order. */
function touchedSectors(
  lengths: readonly number[],
  changes: readonly Change[],
  length: number,
): readonly number[] {
  const sectors = new Set<number>()
  for (const [at, change] of changes.entries()) {
    const [before = 0, after = 0] = lengths.slice(at, at + 2)
    const [from, to] =
      change.type === 'write'
        ? [Math.min(change.at, before), change.at + change.data.length]
        : [Math.min(before, after), Math.max(before, after)]
    const last = Math.ceil(Math.min(to, length) / SECTOR_BYTES) - 1
    for (let sector = Math.floor(from / SECTOR_BYTES); sector <= last; sector++) sectors.add(sector)
  }
  return Array.from(sectors).toSorted((one, other) => one - other)
}

const SECTOR_BYTES = 512
const LUCK = ['none', 'some', 'all'] as const
const PLANS: Readonly<Record<DiskOrder, Planning>> = { ordered: orderedPlan, hostile: hostilePlan }
