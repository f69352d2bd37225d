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

/** Just below the largest block that counts: glibc's DEFAULT_MMAP_THRESHOLD_MAX. */
const BLOCK_BYTES = 32 * 1024 * 1024 - 65_536
