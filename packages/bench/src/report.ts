import { isDisturbed } from './disturbance.ts'
import type { Rounds } from './rounds.ts'
import { median, ratiosOf, type Spread } from './statistics.ts'
import { type Outcome, verdictOn } from './verdict.ts'
import type { Target, Workload } from './workloads.ts'

/** The medians of one server. */
export interface ServerReport {
  readonly server: string
  readonly requestsPerSecond: number
  readonly requestsPerCPUSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly peakBytes: number
  /** With the headers of HTTP and the frames of WebSocket. */
  readonly bytesPerReply: number
  /** The share of the time that the server, and the load process, used their core. */
  readonly serverBusy: number
  readonly loadBusy: number
  /** Of a peer: ours beside it. */
  readonly comparison?: Comparison
}

/** The figures of ours divided by the peer's, in each round. */
interface Comparison {
  readonly requestsPerCPUSecond: Spread
  readonly p99Ms: Spread
  /** Whether ours or the peer was disturbed in half of the rounds or more. */
  readonly isInconclusive: boolean
}

/** The medians of all servers of one workload; ours is the first. */
export interface WorkloadReport {
  readonly workload: string
  readonly about: string
  readonly servers: readonly ServerReport[]
  readonly targets: readonly Outcome[]
}

/** Takes the medians of the rounds of a workload, and compares them with its targets. */
export function reportOf(workload: Workload, rounds: readonly Rounds[]): WorkloadReport {
  const [ours] = rounds
  const servers = rounds.map((one) => serverReport(one, ours === one ? undefined : ours))
  return {
    workload: workload.name,
    about: workload.about,
    servers,
    targets: workload.targets.flatMap((target) => outcomeOf(target, servers)),
  }
}

/** Whether the ratio to a peer of the workload means little, because other programs used the machine. */
export function isInconclusive({ servers }: WorkloadReport): boolean {
  return servers.some(({ comparison }) => comparison?.isInconclusive === true)
}

function serverReport({ server, measured }: Rounds, ours: Rounds | undefined): ServerReport {
  const medianOf = (figure: Figure): number => median(measured.map(figure))
  return {
    server: server.name,
    requestsPerSecond: Math.round(medianOf((one) => one.requests / one.seconds)),
    requestsPerCPUSecond: Math.round(medianOf(requestsPerCPUSecond)),
    p50Ms: rounded(medianOf((one) => one.p50Ms)),
    p99Ms: rounded(medianOf(p99Ms)),
    peakBytes: medianOf((one) => one.peakBytes),
    bytesPerReply: Math.round(medianOf((one) => one.replyBytes / one.requests)),
    serverBusy: rounded(medianOf((one) => one.cpuSeconds / one.seconds)),
    loadBusy: rounded(medianOf((one) => one.loadCPUSeconds / one.seconds)),
    ...(ours === undefined ? {} : { comparison: comparisonOf(ours.measured, measured) }),
  }
}

/** Compares the rounds of two servers. */
export function comparisonOf(ours: Rounds['measured'], theirs: Rounds['measured']): Comparison {
  const ratios = (figure: Figure): Spread => {
    const { median: middle, least, most } = ratiosOf(ours.map(figure), theirs.map(figure))
    return { median: rounded(middle), least: rounded(least), most: rounded(most) }
  }
  const disturbed = ours.filter((one, round) => [one, theirs[round] ?? one].some(isDisturbed))
  return {
    requestsPerCPUSecond: ratios(requestsPerCPUSecond),
    p99Ms: ratios(p99Ms),
    isInconclusive: disturbed.length * 2 >= ours.length,
  }
}

type Figure = (measured: Rounds['measured'][number]) => number

const requestsPerCPUSecond: Figure = ({ requests, cpuSeconds }) => requests / cpuSeconds
const p99Ms: Figure = (measured) => measured.p99Ms

function outcomeOf({ peer, figure, ratio }: Target, servers: readonly ServerReport[]): readonly Outcome[] {
  const compared = servers.find(({ server }) => server === peer)?.comparison
  if (compared === undefined) return []
  const isTime = figure === 'p99'
  const reached = (isTime ? compared.p99Ms : compared.requestsPerCPUSecond).median
  return [
    {
      target: isTime ? `p99 ≤ ${ratio} × ${peer}` : `≥ ${ratio} × ${peer}`,
      reached: reached.toFixed(2),
      verdict: verdictOn(reached, isTime ? 'most' : 'least', ratio, compared.isInconclusive),
    },
  ]
}

/** Three digits after the point are more than a measurement has. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
