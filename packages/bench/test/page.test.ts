import { describe, expect, it } from 'vitest'
import { provenance, remarks, tables, targetsTable } from '../src/page.ts'
import { pageOf } from '../src/page-files.ts'
import { environment } from './environment.ts'
import { how, serverReport, workloadReport } from './made-up-results.ts'

describe('tables', () => {
  it('are one of ratios, and one of latency and memory', () => {
    const [ratios, latency] = tables([workloadReport('ws-ping', 'ws'), workloadReport('ws-pipe', 'ws', true)])
    expect(ratios).toMatch(/^\| Requests per CPU second +\| Ropewalk \| +÷ ws \|\n/)
    expect(ratios).toMatch(/\n\| `ws-ping`: a load +\| +1 000 \| +2\.50 \(2\.40–2\.60\) \|\n/)
    expect(ratios).toContain('| 2.50 (2.40–2.60) † |')
    expect(latency).toMatch(/^\| p99, peak memory \| +Ropewalk \| +ws \|\n/)
    expect(latency).toMatch(/\n\| `ws-ping` +\| 1\.00 ms, 50 MiB \| 1\.00 ms, 50 MiB \|\n/)
  })
  it('leave the cell of a server empty that a workload does not have', () => {
    const [ratios] = tables([workloadReport('tcp-ping', 'node:net'), workloadReport('tcp-16k', 'Twisted')])
    expect(ratios).toMatch(/`tcp-16k`: a load +\| +1 000 \| +\| 2\.50 /)
  })
  it('have the bytes of compressed replies', () => {
    const report = workloadReport('ws-deflate-1k', 'ws')
    const servers = [serverReport('Ropewalk'), { ...serverReport('ws', 8), bytesPerReply: 321 }]
    const table = tables([{ ...report, servers }, workloadReport('ws-ping', 'Bun')])[2]
    expect(table).toMatch(/\n\| `ws-deflate-1k` +\| +66 \| +321 \|$/)
    expect(table).not.toContain('Bun')
  })
})

describe('targetsTable', () => {
  it('has the targets of workloads and curves, and counts them', () => {
    const outcome = { target: '≤ 40 ms', reached: '37.0 ms', verdict: 'met' } as const
    const startup = { kind: 'comparison', title: '', about: '', figures: [], rows: [], remarks: [] } as const
    const table = targetsTable({
      workloads: { a: workloadReport('ws-ping', 'ws', true), b: workloadReport('tcp-ping', 'node:net') },
      curves: { startup: { ...startup, targets: [outcome], ...how } },
    })
    expect(table).toMatch(/\n\| `b` +\| ≥ 2 × node:net +\| +2\.50 \| met +\|\n/)
    expect(table).toMatch(/\n\| `startup` +\| ≤ 40 ms +\| 37\.0 ms \| met +\|\n/)
    expect(table).toMatch(/\n\n2 of 5 targets are met, 2 inconclusive\.$/)
  })
})

describe('provenance', () => {
  const at = (date: string, commit: string) => ({ ...workloadReport('ws-ping', 'ws'), date, commit })
  it('names the machine, the versions, the commit and the date', () => {
    expect(provenance({ environment, workloads: { a: at('2026-11-28', 'abc') }, curves: {} })).toBe(
      'Measured on 2026-11-28 at `abc`: A CPU, 2 cores, 8 GiB, Linux 6.1; node 24.1.0.',
    )
  })
  it('names all commits, and the first and last date, of results of several runs', () => {
    const workloads = { a: at('2026-11-28', 'abc'), b: at('2026-11-27', 'def') }
    expect(provenance({ environment, workloads, curves: {} })).toMatch(
      /^Measured from 2026-11-27 to 2026-11-28 at `abc`, `def`:/,
    )
  })
})

describe('remarks', () => {
  it('names the rounds and the noise', () => {
    expect(remarks({ environment, workloads: { a: workloadReport('ws-ping', 'ws') }, curves: {} })).toBe(
      'Each figure is the median of 5 rounds of 1 s. The ratios of single rounds lie within ±4.0 % of the middle of ' +
        'their range for half of the pairs, and within ±4.0 % for nine in ten: a smaller difference means nothing.',
    )
  })
  it('names rounds that differ, what was left out and what was disturbed', () => {
    const a = { ...workloadReport('ws-ping', 'ws', true), leftOut: ['Autobahn'] }
    const b = { ...workloadReport('ws-pipe', 'ws'), rounds: 1 }
    const text = remarks({ environment, workloads: { 'ws-ping': a, 'ws-pipe': b }, curves: {} })
    expect(text).toContain('`ws-ping`: Each figure is the median of 5 rounds of 1 s.')
    expect(text).toContain('`ws-pipe`: Each figure is from one round of 1 s.')
    expect(text).toContain('Left out, because not installed: Autobahn.')
    expect(text).toMatch(/† Other programs .*: `ws-ping`\.$/)
  })
})

describe('pageOf', () => {
  const marked = ['peers', 'table', 'curves'].map(
    (name) => `<!-- ${name}: begin -->\nold\n<!-- ${name}: end -->`,
  )
  it('fills each section that has results, and leaves the others', () => {
    const workloads = { 'ws-ping': workloadReport('ws-ping', 'ws') }
    const [peers, table, curves] = pageOf(marked.join('\n\n\n'), {
      environment,
      workloads,
      curves: {},
    }).split('\n\n\n')
    expect(peers).toContain('| node:net ')
    expect(table).toContain('![WebSocket: requests per CPU second')
    expect(curves).toBe(marked[2])
  })
})
