import { describe, expect, it } from 'vitest'
import { curveCharts, ratioCharts, summaryChart } from '../src/charts.ts'
import type { CurveReport } from '../src/curve-report.ts'
import { curvesSection } from '../src/curves-section.ts'
import { serverReport } from './made-up-results.ts'

const curve: CurveReport = {
  kind: 'lines',
  title: 'Growth',
  about: 'A load grows.',
  x: { label: 'Connections', unit: 'count' },
  y: { label: 'Bytes', unit: 'bytes' },
  lines: [
    {
      server: 'Ropewalk',
      points: [
        { x: 1, y: 2048 },
        { x: 1000, y: 4096 },
      ],
    },
    { server: 'ws', points: [{ x: 1, y: 4096 }] },
  ],
  remarks: ['More is left out.'],
  targets: [{ target: '≥ 1 × ws', reached: '1.50', verdict: 'met' }],
  rounds: 3,
  seconds: [2, 0.5],
}
const comparison: CurveReport = {
  kind: 'comparison',
  title: 'Startup',
  about: 'A process starts.',
  figures: [{ label: 'Time', unit: 'ms' }],
  rows: [{ server: 'Ropewalk', values: [12.34] }],
  remarks: [],
  targets: [],
  rounds: 1,
  seconds: [],
}

describe('curvesSection', () => {
  it('shows a drawing and a table, with the ratio to each peer', () => {
    expect(curvesSection({ growth: curve })).toBe(
      [
        '### Growth',
        'A load grows. Each figure is the median of 3 rounds of 0.5 or 2 s.',
        '![Growth](performance/growth.svg)',
        [
          '| Connections | Ropewalk |    ws | ÷ ws |',
          '| ----------- | -------: | ----: | ---: |',
          '| 1           |    2 KiB | 4 KiB | 0.50 |',
          '| 1 000       |    4 KiB |       |      |',
        ].join('\n'),
        'Target: ≥ 1 × ws. Reached: 1.50, met.',
        'More is left out.',
      ].join('\n\n'),
    )
  })
  it('shows a comparison as a table', () => {
    expect(curvesSection({ startup: comparison })).toContain('| Ropewalk | 12.3 ms |')
  })
  it('shows the drawing that the curves of idle memory share once', () => {
    const section = curvesSection({ 'idle-tcp': curve, 'idle-ws': curve })
    expect(section.match(/idle-memory\.svg/g)).toHaveLength(1)
  })
})

describe('curveCharts', () => {
  it('has every drawing that the page shows', () => {
    const curves = { growth: curve, startup: comparison, 'idle-tcp': curve, 'idle-ws': curve }
    const shown = [...curvesSection(curves).matchAll(/\(performance\/(.*?)\)/g)].map(([, name]) => name)
    expect([...curveCharts(curves).keys()]).toEqual(shown)
  })
  it('has none of a curve without points', () => {
    expect(curveCharts({ growth: { ...curve, lines: [{ server: 'ws', points: [] }] } }).size).toBe(0)
  })
})

describe('ratioCharts', () => {
  it('draws the ratio to each peer', () => {
    const servers = [serverReport('Ropewalk'), serverReport('ws', 1.5), serverReport('Bun', 0.4, true)]
    const charts = ratioCharts([{ workload: 'ws-ping', about: '', servers, targets: [] }])
    expect([...charts.keys()]).toEqual(['ws-ratios.svg'])
    const svg = charts.get('ws-ratios.svg')?.svg
    expect(svg).toContain('>1.50</text>')
    expect(svg).toContain('>0.40 †</text>')
  })
})

describe('summaryChart', () => {
  const servers = [serverReport('Ropewalk'), serverReport('ws', 1.5), serverReport('Autobahn', 3)]
  it('draws the usual peers of some workloads', () => {
    const reports = ['ws-many', 'ws-ping'].map((workload) => ({ workload, about: '', servers, targets: [] }))
    const svg = summaryChart(reports).get('summary.svg')?.svg
    expect(svg).toContain('>ws-ping</text>')
    expect(svg).toContain('>1.50</text>')
    expect(svg).not.toContain('ws-many')
    expect(svg).not.toContain('Autobahn')
  })
  it('draws nothing without one of these workloads', () => {
    expect(summaryChart([{ workload: 'ws-many', about: '', servers, targets: [] }]).size).toBe(0)
  })
})
