import type { Figures } from './load/messages.ts'

/**
 * Whether something else than the server and its load used the machine so much that the figures mean little.
 *
 * In a closed loop the server or the load process is busy all the time. If neither is, they wait for each other, which
 * is not a disturbance, or other programs take their cores away.
 */
export function isDisturbed({ seconds, cpuSeconds, loadCPUSeconds, othersSeconds }: Figures): boolean {
  if (Math.max(cpuSeconds, loadCPUSeconds) / seconds >= BUSY) return false
  return othersSeconds === undefined || othersSeconds / seconds > OTHERS
}

/** The share of its core that a process uses that is busy all the time. The kernel's part of it is not always counted. */
const BUSY = 0.9
/** The share of a core that other programs may use. */
const OTHERS = 0.05
