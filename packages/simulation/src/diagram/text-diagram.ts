import type { Arrow } from '../trace.ts'

/** Draws a run as text: one column for each host, one line for each arrow, the time on the left. */
export function textDiagram(hosts: readonly string[], arrows: readonly Arrow[]): string {
  const width = Math.max(MIN_COLUMN, ...hosts.map((name) => name.length + 4))
  const head = ' '.repeat(TIME_WIDTH) + hosts.map((name) => name.padEnd(width)).join('')
  const lines = arrows.map((arrow) => `${time(arrow)}${row(hosts, arrow, width)}`)
  return [head, ...lines].map((line) => line.trimEnd()).join('\n')
}

function time({ atMs }: Arrow): string {
  return `${atMs.toFixed(1)} `.padStart(TIME_WIDTH)
}

function row(hosts: readonly string[], { from, to, what, lost }: Arrow, width: number): string {
  const [start, end] = [hosts.indexOf(from), hosts.indexOf(to)]
  const cells = Array.from(hosts.map(() => '|'.padEnd(width)).join(''))
  const text = lost ? `${what} (lost)` : what
  if (start === end) return place(cells, start * width, `* ${text}`)
  const [left, right] = [Math.min(start, end) * width, Math.max(start, end) * width]
  const spaceWidth = right - left - 1
  const line = ` ${text} `.slice(0, spaceWidth - 1).padEnd(spaceWidth - 1, '-')
  return place(cells, left + 1, end > start ? `${line}${lost ? 'x' : '>'}` : `${lost ? 'x' : '<'}${line}`)
}

function place(cells: string[], at: number, text: string): string {
  for (const [offset, char] of Array.from(text).entries()) cells[at + offset] = char
  return cells.join('')
}

/** Formats a run as a Mermaid sequence diagram, which many Markdown viewers can draw. */
export function mermaidDiagram(hosts: readonly string[], arrows: readonly Arrow[]): string {
  const lines = arrows.map(({ atMs, from, to, what, lost }) => {
    const text = `${atMs.toFixed(1)} ms ${what}`.replaceAll(/[;:#]/g, ' ')
    return from === to ? `  Note over ${from}: ${text}` : `  ${from}${lost ? '-x' : '->>'}${to}: ${text}`
  })
  return ['sequenceDiagram', ...hosts.map((name) => `  participant ${name}`), ...lines].join('\n')
}

/** Which part of a run a diagram shows. */
export interface DiagramOptions {
  /** Leaves out everything before this time, in virtual milliseconds. Default 0. */
  readonly fromMs?: number
  /** Leaves out everything after this time, in virtual milliseconds. Default: no limit. */
  readonly untilMs?: number
}

const TIME_WIDTH = 12
const MIN_COLUMN = 26
