import { readFileSync } from 'node:fs'

/**
 * The CPU time in seconds, user and system, that a process and its descendants have used so far.
 *
 * The kernel counts in ticks of 10 ms: a measurement should last half a second or more. What a child used that has
 * ended is included once its parent has waited for it.
 *
 * @throws {Error} on other systems than Linux, which have no /proc, and when the process has ended.
 */
export function cpuSecondsOf(pid: number): number {
  const ticks = familyOf(pid).map((member) => cpuTicks(read(member, 'stat')))
  return ticks.reduce((sum, count) => sum + count, 0) / TICKS_PER_SECOND
}

/**
 * The CPU time in seconds that all programs together have used on a core so far, and time that the machine gave to
 * others in spite of demand. Interrupts are not included: most of them are for the network.
 */
export function coreSecondsOf(core: number): number {
  return coreTicks(procText('stat'), core) / TICKS_PER_SECOND
}

/** The resident memory of a process and its descendants now, in bytes. It throws as `cpuSecondsOf` does. */
export function residentBytesOf(pid: number): number {
  return sumOf(pid, 'VmRSS')
}

/** The most resident memory of a process and its descendants so far, in bytes: the sum of their peaks. */
export function peakBytesOf(pid: number): number {
  return sumOf(pid, 'VmHWM')
}

/**
 * The ticks of CPU time in the text of /proc/PID/stat, waited-for children included.
 *
 * @throws {Error} when the text is not of that format.
 * @see proc(5)
 */
export function cpuTicks(stat: string): number {
  // The second field is the name of the program in parentheses. It may hold spaces and parentheses of its own.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(UTIME, UTIME + 4).map(Number)
  if (ticks.length < 4 || ticks.some(Number.isNaN)) throw new Error(`Cannot read CPU time from "${stat}"`)
  return ticks.reduce((sum, count) => sum + count, 0)
}

/**
 * The ticks of programs on a core in the text of /proc/stat: user, nice, system and steal.
 *
 * @throws {Error} when the text has no such core.
 * @see proc(5)
 */
export function coreTicks(stat: string, core: number): number {
  const fields = new RegExp(`^cpu${core} (.*)$`, 'm').exec(stat)?.[1]?.split(' ').map(Number)
  if (fields === undefined) throw new Error(`Cannot find cpu${core} in "${stat.slice(0, 80)}"`)
  const [user = 0, nice = 0, system = 0] = fields
  return user + nice + system + (fields[STEAL] ?? 0)
}

/**
 * The bytes of one line of the text of /proc/PID/status, such as `VmRSS`; 0 for a process that has ended.
 *
 * @see proc(5)
 */
export function statusBytes(status: string, line: string): number {
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
}

function sumOf(pid: number, line: string): number {
  return familyOf(pid).reduce((sum, member) => sum + statusBytes(read(member, 'status'), line), 0)
}

/** The process and all its descendants. */
function familyOf(pid: number): readonly number[] {
  const children = read(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(familyOf)]
}

function read(pid: number, file: string): string {
  return procText(`${pid}/${file}`)
}

/**
 * The text of a file below /proc.
 *
 * @throws {Error} on other systems than Linux, which have no /proc, and when there is no such file.
 */
export function procText(file: string): string {
  if (process.platform !== 'linux')
    throw new Error(`Cannot measure a process on ${process.platform}: benchmarks read /proc, which Linux has`)
  return readFileSync(`/proc/${file}`, 'latin1')
}

/** USER_HZ, which is 100 on all architectures that Node supports. */
const TICKS_PER_SECOND = 100
/** The index of utime in the fields after the name of the program; stime, cutime and cstime follow. */
const UTIME = 11
/** The index of steal in the fields of a core. */
const STEAL = 7
