import { describe, expect, it } from 'vitest'
import { markdownTable, provenance, tables, withSection } from '../src/page.ts'
import type { WorkloadReport } from '../src/report.ts'
import { environment } from './environment.ts'

describe('withSection', () => {
  const page = 'above\n\n<!-- table: begin -->\n\nold\n\n<!-- table: end -->\n\nbelow\n'
  it('replaces what is between the markers, and nothing else', () => {
    expect(withSection(page, 'table', '\nnew\n')).toBe(page.replace('old', 'new'))
  })
  it('throws for a document without the markers, or with them in the wrong order', () => {
    expect(() => withSection(page, 'curve', 'new')).toThrow('Cannot find <!-- curve: begin -->')
    expect(() => withSection('<!-- a: end --><!-- a: begin -->', 'a', '')).toThrow('Cannot find')
  })
})

describe('markdownTable', () => {
  it('aligns numbers to the right, and text at its ends to the left', () => {
    const rows = [
      ['one', '1', 'met'],
      ['forty-two', '42', ''],
    ]
    expect(markdownTable(['Name', 'Number', 'Text'], rows)).toBe(
      [
        '| Name      | Number | Text |',
        '| --------- | -----: | ---- |',
        '| one       |      1 | met  |',
        '| forty-two |     42 |      |',
      ].join('\n'),
    )
  })
})

const SERVER = {
  server: 'Ropewalk',
  requestsPerSecond: 900,
  requestsPerCPUSecond: 1000,
  p50Ms: 0.5,
  p99Ms: 1,
  peakBytes: 50 * 1_048_576,
  serverBusy: 0.9,
  loadBusy: 0.5,
}

function report(workload: string, peer: string): WorkloadReport {
  return {
    workload,
    about: 'a load',
    servers: [SERVER, { ...SERVER, server: peer, requestsPerCPUSecond: 400 }],
    targets: [
      { peer, figure: 'requests', ratio: 2, reached: 2.5, isMet: true },
      { peer, figure: 'p99', ratio: 1, reached: 1.2, isMet: false },
    ],
  }
}

describe('tables', () => {
  it('has one table for each protocol, with its peers', () => {
    const [tcp = '', ws = ''] = tables([report('tcp-ping', 'node:net'), report('ws-ping', 'ws')]).split(
      '\n\n',
    )
    expect(tcp).toMatch(/^\| Workload +\| Ropewalk \| node:net \| +p99 \| Memory \| Targets +\|\n/)
    expect(ws).toMatch(
      /\n\| `ws-ping`: a load \| +1 000 \| 2\.50 \| 1\.00 ms \| 50 MiB \| ≥ 2 × ws: met<br>p99 ≤ 1 × ws: not met, 1\.20 \|$/,
    )
  })
})

describe('provenance', () => {
  const at = (date: string, commit: string) => ({ ...report('ws-ping', 'ws'), date, commit })
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
