import type { LinesReport } from './curve-report.ts'
import { barChart } from './drawing/bar-chart.ts'
import { lineChart } from './drawing/line-chart.ts'
import { formatted } from './drawing/units.ts'
import type { WorkloadReport } from './report.ts'
import type { Results } from './results.ts'

/** The drawings of the page, by the names of their files in `docs/performance/`. */
export function chartsOf({
  workloads,
  curves,
}: Pick<Results, 'workloads' | 'curves'>): ReadonlyMap<string, string> {
  const charts = new Map<string, string>()
  for (const [prefix, protocol] of PROTOCOLS) {
    const reports = Object.values(workloads).filter(({ workload }) => workload.startsWith(prefix))
    if (reports.length > 0) charts.set(`${prefix}ratios.svg`, ratioChart(protocol, reports))
  }
  for (const [name, report] of Object.entries(curves)) {
    if (report.kind === 'lines' && !isIdle(name) && hasPoints(report))
      charts.set(`${name}.svg`, lineChart(report))
  }
  const idle = Object.entries(curves).flatMap(([name, report]) =>
    isIdle(name) && report.kind === 'lines' && hasPoints(report) ? [[name, report] as const] : [],
  )
  if (idle.length > 0) charts.set('idle-memory.svg', idleChart(idle))
  return charts
}

/** Whether a curve is one of the memory of idle connections, which share a drawing. */
export function isIdle(curve: string): boolean {
  return curve.startsWith('idle-')
}

function hasPoints({ lines }: LinesReport): boolean {
  return lines.some(({ points }) => points.length > 0)
}

function ratioChart(protocol: string, reports: readonly WorkloadReport[]): string {
  return barChart({
    title: `${protocol}: requests per CPU second, Ropewalk divided by each peer`,
    axis: { label: 'times as many as the peer (right of 1: Ropewalk needs less CPU time)', unit: 'ratio' },
    groups: reports.map(({ workload, servers: [ours, ...peers] }) => ({
      name: workload,
      bars: peers.map(({ server, requestsPerCPUSecond }) => ({
        server,
        value: (ours?.requestsPerCPUSecond ?? Number.NaN) / requestsPerCPUSecond,
      })),
    })),
  })
}

function idleChart(reports: readonly (readonly [string, LinesReport])[]): string {
  return barChart({
    title: 'Memory of an idle connection',
    axis: { label: 'Resident bytes of the server for each connection', unit: 'bytes' },
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

const PROTOCOLS = [
  ['tcp-', 'TCP'],
  ['http-', 'HTTP'],
  ['ws-', 'WebSocket'],
] as const
