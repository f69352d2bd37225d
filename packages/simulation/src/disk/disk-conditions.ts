import { byteCount, oneOf, type OptionRules, quantity } from '@ropewalk/core/options'
import { durationRange } from '../time/duration-range.ts'

/**
 * In which order unsynced changes reach the disk, which shows after a power failure.
 *
 * - `ordered` is like ext4 in its default mode. Changes of names (files created, renamed, removed) become durable in
 *   their order: a crash keeps all of them up to some place. The `fsync` of a file, or of any folder, makes those
 *   before it durable. New bytes at the end of a file are there before its new length: the file has the beginning of
 *   them, and never bytes that were not written. Overwritten bytes survive in any subset of sectors. The content of a
 *   file is not tied to its name: a file that was not synced may be empty under its new name.
 * - `hostile` promises only what POSIX does. The `fsync` of a file makes its content and its length durable, but not
 *   its name, and the `fsync` of a folder only the names in that folder. Unsynced changes of names survive in any
 *   subset. Lengths and sectors are independent: new sectors may be 0 in the middle of what was written.
 */
export type DiskOrder = 'ordered' | 'hostile'

/** How a disk behaves. */
export interface DiskConditions {
  /** Shortest and longest time of an operation, in milliseconds, besides the transfer of its bytes. */
  readonly latencyMs: readonly [number, number]
  /** The same of `fsync`. */
  readonly syncMs: readonly [number, number]
  /**
   * Bytes per second that are read, written or synced. Transfers of several operations happen one after the other.
   */
  readonly bytesPerSecond: number
  /** Most bytes in all files. Beyond them: ENOSPC. */
  readonly capacityBytes: number
  /** What a power failure does to unsynced changes. */
  readonly order: DiskOrder
}

/** The conditions of a disk for which nothing else is set. */
export const DEFAULT_DISK: DiskConditions = {
  latencyMs: [0.05, 1],
  syncMs: [1, 15],
  bytesPerSecond: 200_000_000,
  capacityBytes: Infinity,
  order: 'ordered',
}

/** The rules for the conditions of a disk. */
export const DISK_RULES: OptionRules<DiskConditions> = {
  latencyMs: durationRange('the shortest time and the longest'),
  syncMs: durationRange('the shortest time and the longest'),
  bytesPerSecond: quantity({ least: 1, endless: true }),
  capacityBytes: byteCount({ endless: true }),
  order: oneOf('ordered', 'hostile'),
}
