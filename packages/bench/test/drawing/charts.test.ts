import { describe, expect, it } from 'vitest'
import { barChart } from '../../src/drawing/bar-chart.ts'
import { lineChart } from '../../src/drawing/line-chart.ts'

const lines = {
  title: 'Throughput & more',
  x: { label: 'Connections', unit: 'count' },
  y: { label: 'Requests', unit: 'count' },
  lines: [
    {
      server: 'Ropewalk',
      points: [
        { x: 1, y: 20_000 },
        { x: 100, y: 50_000 },
      ],
    },
    { server: 'ws', points: [{ x: 1, y: 20_000 }] },
  ],
} as const

describe('lineChart', () => {
  it('draws each line between its points, from the lower left to the upper right', () => {
    const svg = lineChart(lines)
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] =
      /points="([\d.]+),([\d.]+) ([\d.]+),([\d.]+)"/.exec(svg)?.slice(1).map(Number) ?? []
    expect(x2).toBeGreaterThan(x1)
    expect(y2).toBeLessThan(y1)
    expect(svg.match(/<polyline/g)).toHaveLength(2)
  })
  it('has a title, the names of the axes and a legend, escaped', () => {
    const svg = lineChart(lines)
    expect(svg).toContain('<title>Throughput &amp; more</title>')
    for (const text of ['Connections', 'Requests', 'Ropewalk', 'ws', '50k'])
      expect(svg).toContain(`>${text}</text>`)
  })
  it('has colours for light and for dark', () => {
    expect(lineChart(lines)).toContain('@media (prefers-color-scheme:dark)')
  })
  it('is the same for the same numbers', () => {
    expect(lineChart(lines)).toBe(lineChart(structuredClone(lines)))
  })
})

describe('barChart', () => {
  const bars = (unit: 'ratio' | 'bytes', ...values: number[]) =>
    barChart({
      title: 'Bars',
      axis: { label: 'times', unit },
      groups: [{ name: 'group', bars: values.map((value) => ({ server: 'ws', value })) }],
    })
  const rects = (svg: string) =>
    [...svg.matchAll(/<rect class="c\d" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)].map(
      ([, x, width]) => [Number(x), Number(width)] as const,
    )
  it('draws a ratio above 1 to the right, and one below 1 as far to the left', () => {
    const [[x1, width1] = [0, 0], [x2, width2] = [0, 0]] = rects(bars('ratio', 2, 0.5))
    expect(width1).toBeCloseTo(width2, 1)
    expect(x1).toBeCloseTo(x2 + width2, 1)
  })
  it('draws all other bars from 0', () => {
    const [[x1, width1] = [0, 0], [x2, width2] = [0, 0]] = rects(bars('bytes', 4000, 2000))
    expect(x1).toBe(x2)
    expect(width1).toBeCloseTo(2 * width2, 1)
  })
})
