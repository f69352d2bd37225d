import { legend, colourOf, mark } from './legend.ts'
import { logScale, type Scale, stepScale } from './scale.ts'
import { drawing, element, label } from './svg.ts'
import { short, type Unit } from './units.ts'

/** Lines over two axes on which equal distances are equal ratios. */
export interface LineChart {
  readonly title: string
  readonly x: ChartAxis
  readonly y: ChartAxis
  readonly lines: readonly ChartLine[]
}

/** One axis. */
interface ChartAxis {
  /** With the unit. */
  readonly label: string
  readonly unit: Unit
}

/** One line, with positive numbers. */
interface ChartLine {
  readonly server: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

/** Draws the chart as a document of SVG; the same one for the same chart. */
export function lineChart({ title, x, y, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points)
  const across = logScale(
    points.map((point) => point.x),
    { from: LEFT, to: RIGHT },
    x.unit === 'bytes' ? 4 : 10,
  )
  const heights = points.map((point) => point.y)
  const upward = { from: BOTTOM, to: TOP }
  const up = y.unit === 'bytes' ? logScale(heights, upward, 4) : stepScale(heights, upward)
  return drawing(title, WIDTH, HEIGHT, [
    legend(
      lines.map(({ server }) => server),
      LEGEND_Y,
    ),
    ...across.ticks.map((tick) => columnAt(across.position(tick), short(tick, x.unit))),
    ...up.ticks.map((tick) => rowAt(up.position(tick), short(tick, y.unit))),
    label(x.label, (LEFT + RIGHT) / 2, HEIGHT - 14, { 'text-anchor': 'middle' }),
    label(y.label, 0, 0, {
      'text-anchor': 'middle',
      transform: `translate(24 ${(TOP + BOTTOM) / 2}) rotate(-90)`,
    }),
    ...lines.map((line) => lineOf(line, across, up)),
  ])
}

function lineOf({ server, points }: ChartLine, across: Scale, up: Scale): string {
  const places = points.map(({ x, y }) => [across.position(x), up.position(y)] as const)
  const path = places.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' ')
  return [
    element('polyline', { class: `line l${colourOf(server)}`, points: path }),
    ...places.map(([x, y]) => mark(server, x, y)),
  ].join('')
}

function columnAt(x: number, text: string): string {
  return [
    element('line', { class: 'grid', x1: x, x2: x, y1: TOP, y2: BOTTOM }),
    label(text, x, BOTTOM + 20, { class: 'small', 'text-anchor': 'middle' }),
  ].join('')
}

function rowAt(y: number, text: string): string {
  return [
    element('line', { class: 'grid', x1: LEFT, x2: RIGHT, y1: y, y2: y }),
    label(text, LEFT - 8, y + 4, { class: 'small', 'text-anchor': 'end' }),
  ].join('')
}

const WIDTH = 760
const HEIGHT = 420
const LEFT = 104
const RIGHT = WIDTH - 32
const TOP = 76
const BOTTOM = HEIGHT - 64
const LEGEND_Y = 54
