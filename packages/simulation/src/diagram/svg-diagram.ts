import type { Arrow } from '../trace.ts'

/**
 * Draws a run as an SVG document: one column for each host, time from top to bottom, and for each packet an
 * arrow from the time it was sent to the time it arrived. Each arrow gets one row, so the vertical scale is
 * not linear in time.
 */
export function svgDiagram(hosts: readonly string[], arrows: readonly Arrow[]): string {
  const width = LEFT + Math.max(0, hosts.length - 1) * COLUMN + RIGHT
  const height = TOP + arrows.length * ROW + BOTTOM
  const place = new Places(hosts, arrows)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    STYLE,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    ...hosts.map((name) => lifeline(name, place.x(name), height)),
    ...arrows.map((arrow, row) => line(arrow, row, place)),
    ...arrows.map((arrow, row) => words(arrow, row, place)),
    '</svg>',
    '',
  ].join('\n')
}

/** The coordinates of hosts and times in the picture. */
class Places {
  readonly #hosts: readonly string[]
  readonly #arrows: readonly Arrow[]

  constructor(hosts: readonly string[], arrows: readonly Arrow[]) {
    this.#hosts = hosts
    this.#arrows = arrows
  }

  x(host: string): number {
    return LEFT + this.#hosts.indexOf(host) * COLUMN
  }

  /** Where the arrow of `row` arrives. */
  y(row: number): number {
    return TOP + (row + 1) * ROW
  }

  /** Where a time up to that of `row` lies: interpolated between the rows before and after it. */
  yAt(ms: number, row: number): number {
    let after = row
    while (after > 0 && (this.#arrows[after - 1]?.atMs ?? 0) > ms) after--
    const before = this.#arrows[after - 1]?.atMs ?? 0
    const span = (this.#arrows[after]?.atMs ?? ms) - before
    const part = span <= 0 ? 0 : Math.max(0, Math.min(1, (ms - before) / span))
    return this.y(after - 1) + part * ROW
  }
}

function lifeline(name: string, x: number, height: number): string {
  const half = Math.max(30, name.length * 4.2 + 10)
  return [
    `<line class="life" x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 12}"/>`,
    `<rect class="host" x="${x - half}" y="12" width="${half * 2}" height="24" rx="6"/>`,
    `<text class="name" x="${x}" y="28">${escaped(name)}</text>`,
  ].join('')
}

/** Draws a dot for an event at one host, an arrow for a packet. */
function line(arrow: Arrow, row: number, place: Places): string {
  const [[fromX, fromY], [toX, toY]] = ends(arrow, row, place)
  if (arrow.from === arrow.to) return `<circle class="dot${kindOf(arrow)}" cx="${toX}" cy="${toY}" r="3"/>`
  // The arrow of a lost packet ends before it reaches the other host.
  const way = arrow.lost ? 0.7 : 1
  const [endX, endY] = [fromX + (toX - fromX) * way, fromY + (toY - fromY) * way]
  return [
    `<line class="way${kindOf(arrow)}" x1="${fromX}" y1="${round(fromY)}" x2="${round(endX)}" y2="${round(endY)}"/>`,
    arrow.lost ? cross(endX, endY) : head(endX, endY, Math.atan2(toY - fromY, toX - fromX)),
  ].join('')
}

function words(arrow: Arrow, row: number, place: Places): string {
  const [[fromX, fromY], [toX, toY]] = ends(arrow, row, place)
  const time = `<text class="time" x="${TIME_RIGHT}" y="${toY + 4}">${arrow.atMs.toFixed(1)}</text>`
  const what = escaped(arrow.what)
  if (arrow.from === arrow.to)
    return `${time}<text class="note${kindOf(arrow)}" x="${toX + 8}" y="${toY + 4}">${what}</text>`
  const part = arrow.lost ? LOST_LABEL_AT : LABEL_AT
  const [x, y] = [round(fromX + (toX - fromX) * part), round(fromY + (toY - fromY) * part - 4)]
  return `${time}<text class="what${kindOf(arrow)}" x="${x}" y="${y}">${what}</text>`
}

type Point = readonly [x: number, y: number]

function ends({ from, to, sentMs }: Arrow, row: number, place: Places): readonly [Point, Point] {
  return [
    [place.x(from), place.yAt(sentMs, row)],
    [place.x(to), place.y(row)],
  ]
}

function kindOf({ lost, what }: Arrow): string {
  return lost || /^(?:fault|crashes|is cut off|cannot reach|stands still|freezes)/.test(what) ? ' bad' : ''
}

function head(x: number, y: number, angle: number): string {
  const points = [0, Math.PI * 0.87, -Math.PI * 0.87].map((turn, at) => {
    const reach = at === 0 ? 0 : 9
    return `${round(x + Math.cos(angle + turn) * reach)},${round(y + Math.sin(angle + turn) * reach)}`
  })
  return `<polygon class="head" points="${points.join(' ')}"/>`
}

function cross(x: number, y: number): string {
  const [left, right, up, down] = [x - 4, x + 4, y - 4, y + 4].map(round)
  return `<path class="way bad" d="M${left} ${up}L${right} ${down}M${left} ${down}L${right} ${up}"/>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const LEFT = 130
const COLUMN = 260
const RIGHT = 230
const TOP = 44
const ROW = 24
const BOTTOM = 24
const TIME_RIGHT = 56
/** Close to the arrowhead: each arrowhead has a row of its own, so that labels do not overlap. */
const LABEL_AT = 0.8
const LOST_LABEL_AT = 0.5
const STYLE = `<style>
text { font: 12px ui-monospace, monospace; fill: #24292f; paint-order: stroke; stroke: #fff; stroke-width: 3px }
.ground { fill: #fff; stroke: #d0d7de }
.life { stroke: #afb8c1; stroke-dasharray: 3 3 }
.host { fill: #ddf4ff; stroke: #54aeff }
.name { text-anchor: middle; font-weight: 600; stroke: none }
.time { text-anchor: end; fill: #6e7781; font-size: 11px }
.what { text-anchor: middle }
.note { fill: #57606a }
.way { stroke: #0969da; stroke-width: 1.4; fill: none }
.head, .dot { fill: #0969da }
.way.bad { stroke: #cf222e }
.what.bad, .note.bad, .dot.bad { fill: #cf222e }
</style>`
