import type { Axis, Line, LinesReport } from '../curve-report.ts'
import type { LoadSpec } from '../load/kinds.ts'
import { measureRounds, type Rounds } from '../rounds.ts'
import type { Server } from '../servers.ts'
import { median } from '../statistics.ts'
import { type Curve, type CurveContext, tooMany } from './curve.ts'

/** How a server's throughput changes with one property of its load. */
export interface Throughput {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly x: Axis
  readonly y: Axis
  /** Ours is the first. */
  readonly servers: readonly Server[]
  readonly points: readonly LoadPoint[]
  /** What is drawn of one measurement. */
  readonly figure: (measured: Rounds['measured'][number], x: number) => number
}

/** A load, and where it is on the axis. */
interface LoadPoint {
  readonly x: number
  readonly load: (port: number) => LoadSpec
  /** How long requests are counted. */
  readonly durationMs: number
}

/** A curve of the throughput, or of something else that a closed loop measures. */
export function throughput(options: Throughput): Curve {
  return { name: options.name, measure: (context) => measure(options, context) }
}

async function measure(
  { name, title, about, x, y, servers, points, figure }: Throughput,
  { installation, rounds, openFiles, observer }: CurveContext,
): Promise<LinesReport> {
  const lines = new Map<string, Line['points'][number][]>()
  const remarks: string[] = []
  for (const point of points) {
    const refusal = tooMany(point.load(0).options.connections, openFiles)
    if (refusal !== undefined) {
      remarks.push(refusal)
      continue
    }
    const workload = { name: `${name} at ${point.x}`, about, load: point.load, servers, targets: [] }
    const options = { rounds, warmUpMs: WARM_UP_MS, durationMs: point.durationMs }
    for (const { server, measured } of await measureRounds(workload, installation, options, observer)) {
      const value = median(measured.map((one) => figure(one, point.x)))
      const line = lines.get(server.name) ?? []
      lines.set(server.name, line)
      line.push({ x: point.x, y: Math.round(value) })
    }
  }
  const named = [...lines].map(([server, measured]) => ({ server, points: measured }))
  const seconds = [...new Set(points.map(({ durationMs }) => durationMs / 1000))]
  return { kind: 'lines', title, about, x, y, lines: named, remarks, targets: [], rounds, seconds }
}

const WARM_UP_MS = 400
