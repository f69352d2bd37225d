/** How many descriptors, sockets included, this process may have open. */
export function descriptorLimit(limitsFile: string = '/proc/self/limits'): number {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs')
    return parseLimit(readFileSync(limitsFile, 'utf8')) ?? UNKNOWN_LIMIT
  } catch {
    // Only Linux has such a file; Windows has no such limit.
    return process.platform === 'win32' ? Infinity : UNKNOWN_LIMIT
  }
}

/**
 * How many connections a process can hold without running out of descriptors. A tenth of its limit, 64 at
 * least, is reserved for files, child processes and queued connections.
 */
export function connectionLimit(descriptors: number = descriptorLimit()): number {
  return Math.max(1, Math.floor(Math.min(descriptors - RESERVED, descriptors * 0.9)))
}

/** How many connections may be queued in addition: half of that reserve. */
export function waitingLimit(descriptors: number = descriptorLimit()): number {
  return descriptors === Infinity ? Infinity : Math.ceil((descriptors - connectionLimit(descriptors)) / 2)
}

/** The soft limit of open files in the text of `/proc/self/limits`; undefined where it is missing. */
export function parseLimit(limits: string): number | undefined {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(limits) ?? []
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Infinity : Number(soft)
}

/**
 * Keeps glibc from returning the top of its heap to the system whenever 128 KiB of it are free.
 *
 * Node reads into blocks of 64 KiB, so a server of large messages would return memory and take it back, page
 * by page, all the time. This costs a third of its CPU time (docs/decisions/0011). When a block as large as
 * this one is freed, glibc raises the threshold for the process; see M_MMAP_THRESHOLD in mallopt(3). The
 * block is never written to, so it uses no memory. With other C libraries it has no effect.
 */
export function keepHeap(platform: NodeJS.Platform = process.platform): void {
  if (platform !== 'linux') return
  try {
    // Nothing references the block: the next garbage collection frees it.
    Buffer.allocUnsafeSlow(BLOCK_BYTES)
  } catch {
    // A process that cannot reserve that much runs without this.
  }
}

const RESERVED = 64
/** The least that macOS and the BSDs grant after Node has raised the limit. */
const UNKNOWN_LIMIT = 10_240
/** Just below the largest block that raises the threshold: glibc's DEFAULT_MMAP_THRESHOLD_MAX. */
const BLOCK_BYTES = 32 * 1024 * 1024 - 65_536
