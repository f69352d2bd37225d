import { procText } from './process-usage.ts'

/** The most files that this process may have open, and so each Node that it starts. */
export function openFilesLimit(): number {
  return limitIn(procText('self/limits'))
}

/**
 * The soft limit in the text of /proc/PID/limits: Node raises its own to the hard limit when it starts.
 *
 * @see proc(5)
 */
export function limitIn(limits: string): number {
  const limit = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1]
  if (limit === undefined) throw new Error(`Cannot read the limit of open files from "${limits}"`)
  return limit === 'unlimited' ? Infinity : Number(limit)
}
