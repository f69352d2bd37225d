import { describe, expect, it } from 'vitest'
import { count, linesOf, reportOf } from '../src/report.ts'
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

/** Rounds of one second in which the server used its core for half of the time. */
function roundsOf(name: string, requests: readonly number[]): Rounds {
  return {
    server: { name, file: '', runtime: 'node' },
    measured: requests.map((replies) => ({
      requests: replies,
      seconds: 1,
      cpuSeconds: 0.5,
      loadCPUSeconds: 0.25,
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
    expect(report.targets).toEqual([
      { peer: 'node:net', figure: 'requests', ratio: 0.97, reached: 0.9, isMet: false },
    ])
  })
  it('meets a target at its ratio', () => {
    const report = reportOf(WORKLOAD, [roundsOf('Ropewalk', [970]), roundsOf('node:net', [1000])])
    expect(report.targets[0]?.isMet).toBe(true)
  })
})

describe('linesOf', () => {
  it('prints a line for each server and each target', () => {
    const report = reportOf(WORKLOAD, [roundsOf('Ropewalk', [970_000]), roundsOf('node:net', [1_000_000])])
    expect(linesOf(report)).toEqual([
      'tcp-ping: 50 connections',
      '                 req/CPU s     ours/it       req/s      p99 ms    peak MiB         CPU    load CPU',
      '  Ropewalk       1 940 000                 970 000        2.00           3        50 %        25 %',
      '  node:net       2 000 000        0.97   1 000 000        2.00           3        50 %        25 %',
      '  target at least 0.97 times node:net: 0.97, met',
    ])
  })
})

describe('count', () => {
  it('separates thousands', () => {
    expect([0, 999, 1000, 1_234_567].map(count)).toEqual(['0', '999', '1 000', '1 234 567'])
  })
})
