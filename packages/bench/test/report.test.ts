import { describe, expect, it } from 'vitest'
import { isInconclusive, reportOf } from '../src/report.ts'
import { linesOf } from '../src/report-lines.ts'
import type { Rounds } from '../src/rounds.ts'
import type { Workload } from '../src/workloads.ts'

const WORKLOAD: Workload = {
  name: 'tcp-ping',
  about: '50 connections',
  load: (port) => ({ kind: 'tcp-echo', options: { port, connections: 50, inFlight: 1, bytes: 64 } }),
  servers: [],
  targets: [
    { peer: 'node:net', figure: 'requests', ratio: 0.97 },
    { peer: 'Bun', figure: 'requests', ratio: 2 },
  ],
}

/** Rounds of one second in which the server used its core for half of the time, and other programs `others` of it. */
function roundsOf(name: string, requests: readonly number[], others: readonly number[] = []): Rounds {
  return {
    server: { name, file: '', runtime: 'node' },
    measured: requests.map((replies, round) => ({
      requests: replies,
      replyBytes: replies * 66,
      seconds: 1,
      cpuSeconds: 0.5,
      loadCPUSeconds: 0.25,
      othersSeconds: others[round] ?? 0,
      p50Ms: 1,
      p99Ms: 2,
      peakBytes: 3 * 1_048_576,
    })),
  }
}

describe('reportOf', () => {
  it('takes medians, and compares requests for CPU time with the targets', () => {
    const report = reportOf(WORKLOAD, [
      roundsOf('Ropewalk', [900, 960, 9]),
      roundsOf('node:net', [1000, 999, 1001]),
    ])
    expect(report.servers[0]).toMatchObject({
      requestsPerSecond: 900,
      requestsPerCPUSecond: 1800,
      serverBusy: 0.5,
    })
    expect(report.targets).toEqual([{ target: '≥ 0.97 × node:net', reached: '0.90', verdict: 'not met' }])
  })
  it('takes the median of the ratios in each round, not the ratio of the medians', () => {
    const report = reportOf(WORKLOAD, [
      roundsOf('Ropewalk', [1000, 2000, 100]),
      roundsOf('node:net', [1000, 1000, 100]),
    ])
    expect(report.servers[1]?.comparison?.requestsPerCPUSecond).toEqual({ median: 1, least: 1, most: 2 })
  })
  it('meets a target at its ratio, of which two digits count', () => {
    const verdictOf = (requests: number) =>
      reportOf(WORKLOAD, [roundsOf('Ropewalk', [requests]), roundsOf('node:net', [1000])]).targets[0]?.verdict
    expect([970, 966, 964].map(verdictOf)).toEqual(['met', 'met', 'not met'])
  })
  it('is inconclusive when ours or the peer was disturbed in half of the rounds', () => {
    const reportWith = (ours: readonly number[], theirs: readonly number[]) =>
      reportOf(WORKLOAD, [
        roundsOf('Ropewalk', [9, 9, 9, 9], ours),
        roundsOf('node:net', [9, 9, 9, 9], theirs),
      ])
    expect(isInconclusive(reportWith([0.4], [0.4]))).toBe(false)
    const report = reportWith([0.4], [0, 0.4])
    expect(isInconclusive(report)).toBe(true)
    expect(report.targets[0]?.verdict).toBe('inconclusive')
  })
})

describe('linesOf', () => {
  it('prints a line for each server and each target', () => {
    const report = reportOf(WORKLOAD, [roundsOf('Ropewalk', [970_000]), roundsOf('node:net', [1_000_000])])
    expect(linesOf(report)).toEqual([
      'tcp-ping: 50 connections',
      '                          req/CPU s                  ours/it       req/s    p99 ms  peak MiB     B/reply  server CPU  load CPU',
      '  Ropewalk                1 940 000                              970 000      2.00         3          66        50 %      25 %',
      '  node:net                2 000 000         0.97 (0.97–0.97)   1 000 000      2.00         3          66        50 %      25 %',
      '  target ≥ 0.97 × node:net: 0.97, met',
    ])
  })
})
