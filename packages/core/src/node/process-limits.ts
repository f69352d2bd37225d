import { readFileSync } from 'node:fs'

/** How many descriptors this process may have open, sockets among them. */
export function descriptorLimit(limitsFile: string = '/proc/self/limits'): number {
  try {
    return parseLimit(readFileSync(limitsFile, 'utf8')) ?? UNKNOWN_LIMIT
  } catch {
    // Only Linux tells in a file; Windows knows no such limit.
    return process.platform === 'win32' ? Infinity : UNKNOWN_LIMIT
  }
}

/**
 * How many connections a process can hold without running out of descriptors: its limit less a tenth,
 * at least 64, for files, timers, child processes and the connections that wait.
 */
export function connectionLimit(descriptors: number = descriptorLimit()): number {
  return Math.max(1, Math.floor(Math.min(descriptors - RESERVED, descriptors * 0.9)))
}

/** How many connections may wait for room besides: half of what is kept for everything else. */
export function waitingLimit(descriptors: number = descriptorLimit()): number {
  return descriptors === Infinity ? Infinity : Math.ceil((descriptors - connectionLimit(descriptors)) / 2)
}

/** The soft limit of open files in what Linux tells of a process's limits; undefined where it is not there. */
export function parseLimit(limits: string): number | undefined {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(limits) ?? []
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Infinity : Number(soft)
}

/**
 * Keeps glibc from returning the top of its heap to the system whenever 128 KiB of it are free.
 *
 * Node reads into blocks of 64 KiB, so a server of large messages would give memory away and take it
 * back, page by page, all the time: a third of its CPU time (docs/decisions/0011). A block as large as this,
 * once it is freed, raises that threshold for the process; see M_MMAP_THRESHOLD in mallopt(3). Nothing is
 * ever written to it, so it costs no memory. With other C libraries it does nothing.
 */
export function keepHeap(platform: NodeJS.Platform = process.platform): void {
  if (platform !== 'linux') return
  try {
    // Nobody keeps it: the next collection of garbage frees it.
    Buffer.allocUnsafeSlow(BLOCK_BYTES)
  } catch {
    // Where a process may not even reserve that much, this is not its worry.
  }
}

const RESERVED = 64
/** What macOS and the BSDs grant at least once Node has raised it. */
const UNKNOWN_LIMIT = 10_240
/** Just below the largest block that counts: glibc's DEFAULT_MMAP_THRESHOLD_MAX. */
const BLOCK_BYTES = 32 * 1024 * 1024 - 65_536
