import { describe, expect, it } from 'vitest'
import { curveCharts, ratioCharts } from '../src/charts.ts'
import type { CurveReport } from '../src/curve-report.ts'
import { curvesSection } from '../src/curves-section.ts'

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
}
const comparison: CurveReport = {
  kind: 'comparison',
  title: 'Startup',
  about: 'A process starts.',
  figures: [{ label: 'Time', unit: 'ms' }],
  rows: [{ server: 'Ropewalk', values: [12.34] }],
  remarks: [],
}

describe('curvesSection', () => {
  it('shows a drawing and a table, with the ratio to each peer', () => {
    expect(curvesSection({ growth: curve })).toBe(
      [
        '### Growth',
        'A load grows.',
        '![Growth](performance/growth.svg)',
        [
          '| Connections | Ropewalk |    ws | ÷ ws |',
          '| ----------- | -------: | ----: | ---: |',
          '| 1           |    2 KiB | 4 KiB | 0.50 |',
          '| 1 000       |    4 KiB |       |      |',
        ].join('\n'),
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
    const server = { requestsPerSecond: 1, p50Ms: 1, p99Ms: 1, peakBytes: 1, serverBusy: 1, loadBusy: 1 }
    const servers = [
      { ...server, server: 'Ropewalk', requestsPerCPUSecond: 300 },
      { ...server, server: 'ws', requestsPerCPUSecond: 200 },
    ]
    const charts = ratioCharts([{ workload: 'ws-ping', about: '', servers, targets: [] }])
    expect([...charts.keys()]).toEqual(['ws-ratios.svg'])
    expect(charts.get('ws-ratios.svg')?.svg).toContain('>1.50</text>')
  })
})
