/**
 * Runs `work`, and returns the unhandled rejections during it: each would end a process.
 *
 * The listeners of the test runner are removed meanwhile, so that they do not fail the run.
 */
export async function unhandledRejectionsDuring(work: () => Promise<void>): Promise<unknown[]> {
  const unhandled: unknown[] = []
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (reason) => unhandled.push(reason))
  try {
    await work()
    // Node checks for unhandled rejections once the microtasks of a turn have run.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
  return unhandled
}
