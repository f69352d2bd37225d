import { CHARACTER, colourOf, legend } from './legend.ts'
import { type Extent, linearScale, type Scale, stepScale } from './scale.ts'
import { drawing, element, label, MARGIN } from './svg.ts'
import { formatted, short, type Unit } from './units.ts'

/** Horizontal bars in groups. */
export interface BarChart {
  readonly title: string
  /** What the bars measure. The bars of ratios begin at 1, all others at 0. */
  readonly axis: { readonly label: string; readonly unit: Unit }
  readonly groups: readonly BarGroup[]
}

/** Bars with one name. */
interface BarGroup {
  readonly name: string
  readonly bars: readonly Bar[]
}

/** One bar. */
interface Bar {
  readonly server: string
  readonly value: number
  /** Whether its number has a mark (†). */
  readonly isInconclusive?: boolean
}

/** Draws the chart as a document of SVG; the same one for the same chart. */
export function barChart({ title, axis, groups }: BarChart): string {
  const left = MARGIN + 16 + CHARACTER * Math.max(...groups.map(({ name }) => name.length))
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value))
  // A bar that goes to the left has its number there.
  const goesLeft = axis.unit === 'ratio' && values.some((value) => value < 1)
  const extent = { from: left + (goesLeft ? LABEL : 0), to: RIGHT }
  const scale = scaleOf(values, axis.unit, extent)
  const base = scale.position(axis.unit === 'ratio' ? 1 : 0)
  const bottom = TOP + groups.reduce((sum, { bars }) => sum + bars.length * BAR + GAP, 0)
  const servers = [...new Set(groups.flatMap(({ bars }) => bars.map(({ server }) => server)))]
  const elements = [legend(servers, LEGEND_Y)]
  for (const tick of scale.ticks)
    elements.push(columnAt(scale.position(tick), bottom, short(tick, axis.unit)))
  let y = TOP + GAP / 2
  for (const { name, bars } of groups) {
    elements.push(label(name, left - 12, y + (bars.length * BAR) / 2 + 4, { 'text-anchor': 'end' }))
    for (const bar of bars) {
      elements.push(barAt(bar, scale, base, y, axis.unit))
      y += BAR
    }
    y += GAP
  }
  elements.push(
    element('line', { class: 'axis', x1: base, x2: base, y1: TOP, y2: bottom }),
    label(axis.label, (left + RIGHT) / 2, bottom + 44, { 'text-anchor': 'middle' }),
  )
  return drawing(title, WIDTH, bottom + 60, elements)
}

function scaleOf(values: readonly number[], unit: Unit, extent: Extent): Scale {
  if (unit === 'ratio') return stepScale([1, ...values], extent)
  const kibibytes = unit === 'bytes' && Math.max(...values) >= 1024
  return linearScale(values, extent, kibibytes ? 1024 : 1)
}

function barAt(
  { server, value, isInconclusive = false }: Bar,
  scale: Scale,
  base: number,
  y: number,
  unit: Unit,
): string {
  const end = scale.position(value)
  const bar = { x: Math.min(base, end), y: y + 1, width: Math.max(1, Math.abs(end - base)), height: BAR - 2 }
  const text = formatted(value, unit) + (isInconclusive ? ' †' : '')
  // The number stands at the end of its bar, on paper that hides the lines of the grid.
  const goesLeft = end < base
  const width = text.length * SMALL_CHARACTER + 4
  const paper = { x: goesLeft ? end - 4 - width : end + 4, y: y + 1, width, height: BAR - 2 }
  const anchor = goesLeft ? 'end' : 'start'
  return [
    element('rect', { class: `c${colourOf(server)}`, ...bar }),
    element('rect', { class: 'paper', ...paper }),
    label(text, goesLeft ? end - 6 : end + 6, y + BAR - 4, { class: 'small', 'text-anchor': anchor }),
  ].join('')
}

function columnAt(x: number, bottom: number, text: string): string {
  return [
    element('line', { class: 'grid', x1: x, x2: x, y1: TOP, y2: bottom }),
    label(text, x, bottom + 18, { class: 'small', 'text-anchor': 'middle' }),
  ].join('')
}

const WIDTH = 760
/** The space for the number of a bar. */
const LABEL = 52
/** About the width of a character of small text. */
const SMALL_CHARACTER = 6.6
/** The number beside the longest bar is at its right. */
const RIGHT = WIDTH - 84
const TOP = 72
const LEGEND_Y = 54
const BAR = 16
const GAP = 14
