import { formatted } from './drawing/units.ts'
import type { ServerReport, WorkloadReport } from './report.ts'

/** The lines that the terminal shows of one workload. */
export function linesOf({ workload, about, servers, targets }: WorkloadReport): readonly string[] {
  return [
    `${workload}: ${about}`,
    row('', COLUMNS),
    ...servers.map((one) => row(one.server, cellsOf(one))),
    ...targets.map(({ target, reached, verdict }) => `  target ${target}: ${reached}, ${verdict}`),
  ]
}

/** What the columns are, for `--help`. */
export const COLUMNS_EXPLAINED: readonly string[] = [
  'req/CPU s   Requests that the server handled in one second of its own CPU time.',
  'ours/it     Ropewalk divided by the peer: the median of the rounds, with the least and the most.',
  'server CPU  The share of its core that the server used, and load CPU the load process. If both are below',
  '            90 % because other programs use the cores, the ratio is inconclusive, and has a mark (†).',
]

function cellsOf(one: ServerReport): readonly string[] {
  return [
    formatted(one.requestsPerCPUSecond, 'count'),
    ratioText(one),
    formatted(one.requestsPerSecond, 'count'),
    one.p99Ms.toFixed(2),
    (one.peakBytes / MEBIBYTE).toFixed(0),
    formatted(one.bytesPerReply, 'count'),
    percent(one.serverBusy),
    percent(one.loadBusy),
  ]
}

/** Such as `1.52 (1.49–1.55)`, with a mark where other programs disturbed the comparison. */
export function ratioText({ comparison }: ServerReport): string {
  if (comparison === undefined) return ''
  const { median, least, most } = comparison.requestsPerCPUSecond
  const mark = comparison.isInconclusive ? ' †' : ''
  return `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})${mark}`
}

const COLUMNS = ['req/CPU s', 'ours/it', 'req/s', 'p99 ms', 'peak MiB', 'B/reply', 'server CPU', 'load CPU']
const WIDTHS = [13, 25, 12, 10, 10, 12, 12, 10]
const NAME_WIDTH = 20
const MEBIBYTE = 1_048_576

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(NAME_WIDTH)}${cells.map((cell, at) => cell.padStart(WIDTHS[at] ?? 0)).join('')}`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
