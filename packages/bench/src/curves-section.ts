import { chartFileOf, curveCharts } from './charts.ts'
import type { ComparisonReport, CurveReport, LinesReport } from './curve-report.ts'
import { formatted } from './drawing/units.ts'
import { markdownTable } from './markdown.ts'
import { roundsText } from './rounds-text.ts'

/** The part of the page about curves: for each a title, what was done, its drawing and its numbers. */
export function curvesSection(curves: Readonly<Record<string, CurveReport>>): string {
  const charts = curveCharts(curves)
  const shown = new Set<string>()
  const sections: string[] = []
  for (const [name, report] of Object.entries(curves)) {
    const file = chartFileOf(name, report) ?? ''
    const chart = shown.has(file) ? undefined : charts.get(file)
    shown.add(file)
    const numbers = report.kind === 'lines' ? linesTable(report) : comparisonTable(report)
    const image = chart === undefined ? [] : [`![${chart.title}](performance/${file})`]
    const about = `${report.about} ${roundsText(report)}`
    const outcomes = report.targets.map(
      ({ target, reached, verdict }) => `Target: ${target}. Reached: ${reached}, ${verdict}.`,
    )
    sections.push(`### ${report.title}`, about, ...image, numbers, ...outcomes, ...report.remarks)
  }
  return sections.join('\n\n')
}

function linesTable({ x, y, lines }: LinesReport): string {
  const [ours, ...peers] = lines
  const places = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.x)))]
  const at = (line: LinesReport['lines'][number] | undefined, place: number): number | undefined =>
    line?.points.find((point) => point.x === place)?.y
  return markdownTable(
    [x.label, ...lines.map(({ server }) => server), ...peers.map(({ server }) => `÷ ${server}`)],
    places.map((place) => {
      const ownValue = at(ours, place) ?? Number.NaN
      const figures = lines.map((line) => cell(at(line, place), y.unit))
      const ratios = peers.map((peer) => cell(ownValue / (at(peer, place) ?? Number.NaN), 'ratio'))
      return [formatted(place, x.unit)].concat(figures, ratios)
    }),
  )
}

function comparisonTable({ figures, rows }: ComparisonReport): string {
  return markdownTable(
    ['', ...figures.map(({ label }) => label)],
    rows.map(({ server, values }) => [
      server,
      ...values.map((value, at) => cell(value, figures[at]?.unit ?? 'count')),
    ]),
  )
}

function cell(value: number | undefined, unit: Parameters<typeof formatted>[1]): string {
  return value === undefined || Number.isNaN(value) ? '' : formatted(value, unit)
}
