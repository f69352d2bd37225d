import { setTimeout as sleep } from 'node:timers/promises'
import type { LinesReport, Point } from '../curve-report.ts'
import { formatted } from '../drawing/units.ts'
import type { Installation } from '../installation.ts'
import type { LoadKinds } from '../load/kinds.ts'
import { LoadProcess } from '../load-process.ts'
import { ServerProcess } from '../server-process.ts'
import type { Server } from '../servers.ts'
import { median } from '../statistics.ts'
import { HTTP, server, TCP, WEBSOCKET } from './compared.ts'
import { type Outcome, verdictOn } from '../verdict.ts'
import { type Curve, type CurveContext, tooMany } from './curve.ts'

/** 50 000 need `ulimit -n 51200`, and several addresses of the load. */
const CONNECTIONS = [1000, 10_000, 50_000]
/** So many let the heap of a server grow to its working size. */
const FIRST = 1000

/** A server, and what its connections do first. */
interface Idle {
  readonly server: Server
  readonly begins: LoadKinds['idle']['begins']
}

const SOCKET: Idle = { server: server('node:net', 'tcp-node-net'), begins: 'with nothing' }

/** Memory for each connection that waits, beside a plain socket. */
export const IDLE_CURVES: readonly Curve[] = [
  curve('idle-tcp', 'TCP connection', 1.15, idle(TCP.slice(0, 1), 'with nothing')),
  curve('idle-http', 'HTTP connection after one request', 1.3, idle(HTTP, 'with a request')),
  curve('idle-ws', 'WebSocket', 1.4, idle(WEBSOCKET, 'with an upgrade')),
]

function idle(servers: readonly Server[], begins: Idle['begins']): readonly Idle[] {
  return servers.map((one) => ({ server: one, begins })).concat(SOCKET)
}

/** @param target The most that ours may need, in plain sockets. */
function curve(name: string, what: string, target: number, compared: readonly Idle[]): Curve {
  return { name, measure: (context) => measure(name, what, { target, compared }, context) }
}

async function measure(
  curveName: string,
  what: string,
  { target, compared }: { readonly target: number; readonly compared: readonly Idle[] },
  { installation, openFiles, observer, ...given }: CurveContext,
): Promise<LinesReport> {
  const lines = compared.map(({ server: { name } }) => ({ server: name, points: [] as Point[] }))
  const rounds = Math.min(given.rounds, MOST_ROUNDS)
  for (const connections of CONNECTIONS) {
    if (tooMany(connections, openFiles, FIRST) !== undefined) continue
    const measured = compared.map((): number[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [at, one] of compared.entries()) {
        observer.measuring(
          `${curveName} of ${connections}, round ${round + 1} of ${rounds}: ${one.server.name}`,
        )
        measured[at]?.push(await bytesFor(connections, one, installation))
      }
    }
    for (const [at, { points }] of lines.entries())
      points.push({ x: connections, y: Math.round(median(measured[at] ?? [])) })
  }
  return {
    kind: 'lines',
    title: `Memory of an idle ${what}`,
    about: `Resident memory that more connections add, after a collection of garbage, to a server that has 1 000.`,
    x: { label: 'Connections', unit: 'count' },
    y: { label: 'Bytes per connection', unit: 'bytes' },
    lines,
    remarks: CONNECTIONS.flatMap((count) => tooMany(count, openFiles, FIRST) ?? []),
    targets: outcomesOf(target, lines),
    rounds,
    seconds: [],
  }
}

/** Compares the most connections: of few, what a process needs anyway is a large part. */
function outcomesOf(target: number, lines: LinesReport['lines']): readonly Outcome[] {
  const ours = lines[0]?.points.at(-1)
  const socket = lines.at(-1)?.points.at(-1)
  if (ours === undefined || socket === undefined) return []
  const reached = ours.y / socket.y
  return [
    {
      target: `≤ ${target} × a socket of node:net, ${formatted(ours.x, 'count')} connections`,
      reached: reached.toFixed(2),
      verdict: verdictOn(reached, 'most', target),
    },
  ]
}

/** Resident memory for each connection. The first connections, for which code is compiled, are not counted. */
async function bytesFor(
  connections: number,
  { server: { file }, begins }: Idle,
  installation: Installation,
): Promise<number> {
  const collects = ['--expose-gc', '--import', installation.server('collect-on-signal.mjs')]
  const running = await ServerProcess.start((port) => [
    process.execPath,
    ...collects,
    installation.server(file),
    String(port),
  ])
  const loads: LoadProcess[] = []
  const open = async (count: number): Promise<number> => {
    const options = { port: running.port, connections: count, begins }
    loads.push(await LoadProcess.start(installation.loadProgram, { kind: 'idle', options }))
    await sleep(SETTLE_MS)
    process.kill(running.pid, 'SIGUSR2')
    await sleep(SETTLE_MS)
    return running.residentBytes()
  }
  try {
    const before = await open(FIRST)
    return ((await open(connections)) - before) / connections
  } finally {
    for (const load of loads) await load.stop()
    await running.stop()
  }
}

/** Memory is steadier than time, and connections take long to open. */
const MOST_ROUNDS = 1
const SETTLE_MS = 300
