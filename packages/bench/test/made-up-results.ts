import type { ServerReport, WorkloadReport } from '../src/report.ts'
import type { HowMeasured, Measured } from '../src/results.ts'

/** How results were measured. */
export const how: HowMeasured = {
  date: '2026-11-28',
  commit: 'abc',
  rounds: 5,
  seconds: [1],
  leftOut: [],
}

/**
 * The medians of a server.
 *
 * @param ratio Ours divided by it, with a spread of 0.1 to both sides; undefined for ours.
 */
export function serverReport(server: string, ratio?: number, isInconclusive: boolean = false): ServerReport {
  const figures = {
    server,
    requestsPerSecond: 900,
    requestsPerCPUSecond: 1000,
    p50Ms: 0.5,
    p99Ms: 1,
    peakBytes: 50 * 1_048_576,
    bytesPerReply: 66,
    serverBusy: 0.9,
    loadBusy: 0.5,
  }
  if (ratio === undefined) return figures
  const spread = { median: ratio, least: ratio - 0.1, most: ratio + 0.1 }
  return { ...figures, comparison: { requestsPerCPUSecond: spread, p99Ms: spread, isInconclusive } }
}

/** A workload with one peer, of which a target is met and one is not. */
export function workloadReport(
  workload: string,
  peer: string,
  isInconclusive: boolean = false,
): Measured<WorkloadReport> {
  return {
    workload,
    about: 'a load',
    servers: [serverReport('Ropewalk'), serverReport(peer, 2.5, isInconclusive)],
    targets: [
      { target: `≥ 2 × ${peer}`, reached: '2.50', verdict: isInconclusive ? 'inconclusive' : 'met' },
      { target: `p99 ≤ 1 × ${peer}`, reached: '2.50', verdict: isInconclusive ? 'inconclusive' : 'not met' },
    ],
    ...how,
  }
}
