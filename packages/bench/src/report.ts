import { formatted } from './drawing/units.ts'
import type { Rounds } from './rounds.ts'
import { median } from './statistics.ts'
import type { Target, Workload } from './workloads.ts'

/** The medians of one server. */
interface ServerReport {
  readonly server: string
  readonly requestsPerSecond: number
  readonly requestsPerCPUSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly peakBytes: number
  /** The share of the time that the server, and the load process, used their core. */
  readonly serverBusy: number
  readonly loadBusy: number
}

/** The medians of all servers of one workload; ours is the first. */
export interface WorkloadReport {
  readonly workload: string
  readonly about: string
  readonly servers: readonly ServerReport[]
  readonly targets: readonly Outcome[]
}

/** What came of a target. */
interface Outcome extends Target {
  /** The figure of ours divided by the peer's. */
  readonly reached: number
  readonly isMet: boolean
}

/** Takes the medians of the rounds of a workload, and compares them with its targets. */
export function reportOf(workload: Workload, rounds: readonly Rounds[]): WorkloadReport {
  const servers = rounds.map(serverReport)
  return {
    workload: workload.name,
    about: workload.about,
    servers,
    targets: workload.targets.flatMap((target) => outcomeOf(target, servers)),
  }
}

function serverReport({ server, measured }: Rounds): ServerReport {
  const medianOf = (figure: (one: Rounds['measured'][number]) => number): number =>
    median(measured.map(figure))
  return {
    server: server.name,
    requestsPerSecond: Math.round(medianOf((one) => one.requests / one.seconds)),
    requestsPerCPUSecond: Math.round(medianOf((one) => one.requests / one.cpuSeconds)),
    p50Ms: rounded(medianOf((one) => one.p50Ms)),
    p99Ms: rounded(medianOf((one) => one.p99Ms)),
    peakBytes: medianOf((one) => one.peakBytes),
    serverBusy: rounded(medianOf((one) => one.cpuSeconds / one.seconds)),
    loadBusy: rounded(medianOf((one) => one.loadCPUSeconds / one.seconds)),
  }
}

function outcomeOf(target: Target, servers: readonly ServerReport[]): readonly Outcome[] {
  const ours = servers[0]
  const theirs = servers.find(({ server }) => server === target.peer)
  if (ours === undefined || theirs === undefined) return []
  if (target.figure === 'p99') {
    const reached = rounded(ours.p99Ms / theirs.p99Ms)
    return [{ ...target, reached, isMet: reached <= target.ratio }]
  }
  const reached = rounded(ours.requestsPerCPUSecond / theirs.requestsPerCPUSecond)
  return [{ ...target, reached, isMet: reached >= target.ratio }]
}

/** Three digits after the point are more than a measurement has. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

/** The lines that the terminal shows of one workload. */
export function linesOf({ workload, about, servers, targets }: WorkloadReport): readonly string[] {
  const ours = servers[0]?.requestsPerCPUSecond ?? Number.NaN
  return [
    `${workload}: ${about}`,
    row('', COLUMNS),
    ...servers.map((one, index) =>
      row(one.server, [
        count(one.requestsPerCPUSecond),
        index === 0 ? '' : (ours / one.requestsPerCPUSecond).toFixed(2),
        count(one.requestsPerSecond),
        one.p99Ms.toFixed(2),
        (one.peakBytes / MEBIBYTE).toFixed(0),
        percent(one.serverBusy),
        percent(one.loadBusy),
      ]),
    ),
    ...targets.map(
      ({ peer, figure, ratio, reached, isMet }) =>
        `  target ${figure === 'p99' ? 'p99 at most' : 'at least'} ${ratio} times ${peer}: ` +
        `${reached.toFixed(2)}, ${isMet ? 'met' : 'not met'}`,
    ),
  ]
}

const COLUMNS = ['req/CPU s', 'ours/it', 'req/s', 'p99 ms', 'peak MiB', 'CPU', 'load CPU']
const WIDTH = 12
const MEBIBYTE = 1_048_576

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(WIDTH)}${cells.map((cell) => cell.padStart(WIDTH)).join('')}`
}

/** `1 234 567`, as the documents write numbers. */
export function count(value: number): string {
  return formatted(value, 'count')
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
