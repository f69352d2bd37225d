import type { CurveReport, LinesReport } from './curve-report.ts'
import { barChart } from './drawing/bar-chart.ts'
import { lineChart } from './drawing/line-chart.ts'
import { formatted } from './drawing/units.ts'
import type { WorkloadReport } from './report.ts'

/** A drawing of the page. */
interface Chart {
  readonly title: string
  /** The document. */
  readonly svg: string
}

/** The drawings of ratios to peers, one for each protocol, by the names of their files in `docs/performance/`. */
export function ratioCharts(workloads: readonly WorkloadReport[]): ReadonlyMap<string, Chart> {
  const charts = new Map<string, Chart>()
  for (const [prefix, protocol] of PROTOCOLS) {
    const reports = workloads.filter(({ workload }) => workload.startsWith(prefix))
    const title = `${protocol}: requests per CPU second, Ropewalk divided by each peer`
    if (reports.length > 0) charts.set(`${prefix}ratios.svg`, { title, svg: ratioChart(title, reports) })
  }
  return charts
}

/** The drawing of the README, by the name of its file: one message in flight, and medium ones, beside the usual peers. */
export function summaryChart(workloads: readonly WorkloadReport[]): ReadonlyMap<string, Chart> {
  const reports = SUMMARY.flatMap((name) => workloads.filter(({ workload }) => workload === name))
  if (reports.length === 0) return new Map()
  return new Map([
    ['summary.svg', { title: SUMMARY_TITLE, svg: ratioChart(SUMMARY_TITLE, reports, SUMMARY_PEERS) }],
  ])
}

/** The drawings of curves, by the names of their files in `docs/performance/`. */
export function curveCharts(curves: Readonly<Record<string, CurveReport>>): ReadonlyMap<string, Chart> {
  const charts = new Map<string, Chart>()
  const idle: [string, LinesReport][] = []
  for (const [name, report] of Object.entries(curves)) {
    if (report.kind !== 'lines' || report.lines.every(({ points }) => points.length === 0)) continue
    if (isIdle(name)) idle.push([name, report])
    else charts.set(`${name}.svg`, { title: report.title, svg: lineChart(report) })
  }
  if (idle.length > 0) charts.set(IDLE_CHART, { title: IDLE_TITLE, svg: idleChart(idle) })
  return charts
}

/**
 * The drawing of a curve, as the page refers to it. The curves of idle memory share one.
 *
 * @returns undefined for a curve that has none.
 */
export function chartFileOf(name: string, report: CurveReport): string | undefined {
  if (report.kind !== 'lines') return undefined
  return isIdle(name) ? IDLE_CHART : `${name}.svg`
}

function isIdle(curve: string): boolean {
  return curve.startsWith('idle-')
}

/** Draws the ratios to the peers; to those of `peers` alone, if it is given. */
function ratioChart(title: string, reports: readonly WorkloadReport[], peers?: ReadonlySet<string>): string {
  return barChart({
    title,
    axis: {
      label: 'times as many as the peer, logarithmic (right of 1: Ropewalk needs less CPU time)',
      unit: 'ratio',
    },
    groups: reports.map(({ workload, servers }) => ({
      name: workload,
      bars: servers.flatMap(({ server, comparison }) =>
        comparison === undefined || peers?.has(server) === false
          ? []
          : [
              {
                server,
                value: comparison.requestsPerCPUSecond.median,
                isInconclusive: comparison.isInconclusive,
              },
            ],
      ),
    })),
  })
}

function idleChart(reports: readonly (readonly [string, LinesReport])[]): string {
  return barChart({
    title: IDLE_TITLE,
    axis: { label: 'Resident bytes of the server for each connection, linear', unit: 'bytes' },
    groups: reports.flatMap(([name, { lines }]) =>
      (lines[0]?.points ?? []).map(({ x }) => ({
        name: `${name.replace('idle-', '')}, ${formatted(x, 'count')}`,
        bars: lines.map(({ server, points }) => ({
          server,
          value: points.find((point) => point.x === x)?.y ?? 0,
        })),
      })),
    ),
  })
}

/** The beginnings of the names of workloads, with the protocols that they are about. */
export const PROTOCOLS = [
  ['tcp-', 'TCP'],
  ['http-', 'HTTP'],
  ['ws-', 'WebSocket'],
] as const
const SUMMARY = [
  'tcp-ping',
  'tcp-16k',
  'http-keepalive',
  'http-json-1k',
  'ws-ping',
  'ws-text-1k',
  'ws-16k',
  'ws-1m',
]
const SUMMARY_PEERS = new Set(['node:net', 'node:http', 'Fastify', 'ws', 'Bun', 'Twisted'])
const SUMMARY_TITLE = 'Requests per CPU second, Ropewalk divided by each peer'
const IDLE_CHART = 'idle-memory.svg'
const IDLE_TITLE = 'Memory of an idle connection'
