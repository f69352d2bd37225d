import { setTimeout as sleep } from 'node:timers/promises'
import type { LinesReport, Point } from '../curve-report.ts'
import type { Installation } from '../installation.ts'
import type { LoadKinds } from '../load/kinds.ts'
import { LoadProcess } from '../load-process.ts'
import { ServerProcess } from '../server-process.ts'
import type { Server } from '../servers.ts'
import { median } from '../statistics.ts'
import { HTTP, TCP, WEBSOCKET } from './compared.ts'
import { type Curve, type CurveContext, tooMany } from './curve.ts'

/** Memory for each connection that waits, beside a plain socket. */
export const IDLE_CURVES: readonly Curve[] = [
  curve('idle-tcp', 'TCP connection', 'with nothing', TCP),
  curve('idle-http', 'HTTP connection after one request', 'with a request', HTTP),
  curve('idle-ws', 'WebSocket', 'with an upgrade', WEBSOCKET),
]

type Begins = LoadKinds['idle']['begins']

function curve(name: string, what: string, begins: Begins, servers: readonly Server[]): Curve {
  return { name, measure: (context) => measure(what, begins, servers, context) }
}

async function measure(
  what: string,
  begins: Begins,
  servers: readonly Server[],
  { installation, rounds, openFiles }: CurveContext,
): Promise<LinesReport> {
  const counts = CONNECTIONS.filter((count) => tooMany(count + FIRST, openFiles) === undefined)
  const lines: { readonly server: string; readonly points: Point[] }[] = servers.map(({ name }) => ({
    server: name,
    points: [],
  }))
  for (const connections of counts) {
    const measured = servers.map((): number[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [at, { file }] of servers.entries())
        measured[at]?.push(await bytesFor(connections, begins, file, installation))
    }
    for (const [at, { points }] of lines.entries())
      points.push({ x: connections, y: Math.round(median(measured[at] ?? [])) })
  }
  return {
    kind: 'lines',
    title: `Memory of an idle ${what}`,
    about: `Resident memory that more connections add, after a collection of garbage, to a server that has ${FIRST}.`,
    x: { label: 'Connections', unit: 'count' },
    y: { label: 'Bytes per connection', unit: 'bytes' },
    lines,
    omitted: CONNECTIONS.flatMap((count) => tooMany(count + FIRST, openFiles) ?? []),
  }
}

/** Resident memory for each connection. The first connections, for which code is compiled, are not counted. */
async function bytesFor(
  connections: number,
  begins: Begins,
  file: string,
  installation: Installation,
): Promise<number> {
  const collects = ['--expose-gc', '--import', installation.server('collect-on-signal.mjs')]
  const server = await ServerProcess.start((port) => [
    process.execPath,
    ...collects,
    installation.server(file),
    String(port),
  ])
  const loads: LoadProcess[] = []
  const open = async (count: number): Promise<number> => {
    const options = { port: server.port, connections: count, begins }
    loads.push(await LoadProcess.start(installation.loadProgram, { kind: 'idle', options }))
    await sleep(SETTLE_MS)
    process.kill(server.pid, 'SIGUSR2')
    await sleep(SETTLE_MS)
    return server.residentBytes()
  }
  try {
    const before = await open(FIRST)
    return ((await open(connections)) - before) / connections
  } finally {
    for (const load of loads) await load.stop()
    await server.stop()
  }
}

/** 50 000 need `ulimit -n 51200`, and several addresses of the load. */
const CONNECTIONS = [1000, 10_000, 50_000]
const FIRST = 100
const SETTLE_MS = 300
