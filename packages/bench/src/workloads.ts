import type { LoadKinds, LoadSpec } from './load/kinds.ts'
import { KEEPS_HEAP, type Server } from './servers.ts'

/** A load, the servers that get it, and what ours must reach. */
export interface Workload {
  readonly name: string
  /** What it does, for the table. */
  readonly about: string
  /** The load for a server on `port`. */
  readonly load: (port: number) => LoadSpec
  /** Ours is the first. */
  readonly servers: readonly Server[]
  readonly targets: readonly Target[]
}

/** What ours must reach beside one peer: at least the ratio in `requests`, at most the ratio in `p99`. */
export interface Target {
  readonly peer: string
  /** Requests per second of the server's CPU time, or the time that 99 % of the replies do not exceed. */
  readonly figure: 'requests' | 'p99'
  readonly ratio: number
}

const TCP = servers('tcp', ['Ropewalk', 'node:net', 'Twisted'])
const TCP_16K = TCP.toSpliced(2, 0, {
  name: 'node:net, heap kept',
  file: 'tcp-node-net.mjs',
  runtime: 'node',
  env: KEEPS_HEAP,
})
const HTTP = servers('http', ['Ropewalk', 'node:net', 'node:http', 'Fastify', 'Hono', 'Bun', 'Twisted'])
/** A fixed answer of node:net has no routes. */
const HTTP_ROUTED = HTTP.filter(({ name }) => name !== 'node:net')
const WEBSOCKET = servers('websocket', ['Ropewalk', 'ws', 'Bun', 'Autobahn'])

const P99 = 'p99 of '

/** What each server must send for a path. The pages of a 404 differ. */
const BODIES: Readonly<Record<string, string>> = { '/': 'Hello, world!' }

const WEBSOCKET_DEFLATE: readonly Server[] = WEBSOCKET.map(({ name, file, runtime }) => ({
  name,
  file,
  runtime,
  args: ['deflate'],
})).toSpliced(2, 0, {
  name: 'ws, same settings',
  file: 'websocket-ws.mjs',
  runtime: 'node',
  args: ['deflate', 'as Ropewalk'],
})

/** All workloads with a closed loop, in the order of the table. */
export const WORKLOADS: readonly Workload[] = [
  tcp('tcp-ping', TCP, { connections: 50, inFlight: 1, bytes: 64 }, 0.97),
  tcp('tcp-pipe', TCP, { connections: 50, inFlight: 16, bytes: 64 }, 0.95),
  tcp('tcp-16k', TCP_16K, { connections: 10, inFlight: 4, bytes: 16_384 }, 0.95),
  http(
    'http-keepalive',
    HTTP,
    { inFlight: 1 },
    { 'node:http': 2, Fastify: 1.9, 'node:net': 0.8, 'p99 of node:http': 1, 'p99 of Fastify': 1 },
  ),
  http('http-pipelined', HTTP, { inFlight: 16 }, { 'node:http': 6, Bun: 2.5 }),
  http('http-404', HTTP_ROUTED, { inFlight: 1, path: '/missing', status: 404 }, {}),
  http('http-json-1k', HTTP_ROUTED, { inFlight: 1, path: '/json' }, {}),
  websocket('ws-ping', { connections: 50, inFlight: 1, bytes: 64 }, { ws: 1.15, 'p99 of ws': 1 }),
  websocket('ws-pipe', { connections: 50, inFlight: 16, bytes: 64 }, { ws: 8 }),
  websocket('ws-text-1k', { connections: 50, inFlight: 4, bytes: 1024, text: true }, { ws: 2 }),
  websocket('ws-16k', { connections: 10, inFlight: 4, bytes: 16_384 }, { ws: 1, Bun: 0.75 }),
  websocket('ws-1m', { connections: 4, inFlight: 1, bytes: 1_048_576 }, { ws: 1, Bun: 0.75 }),
  websocket('ws-many', { connections: 1000, inFlight: 1, bytes: 128 }, {}),
  deflate('ws-deflate-128', 128, {}),
  deflate('ws-deflate-1k', 1024, { ws: 8 }),
  deflate('ws-deflate-16k', 16_384, {}),
]

function tcp(
  name: string,
  compared: readonly Server[],
  options: Omit<LoadKinds['tcp-echo'], 'port'>,
  ratio: number,
): Workload {
  const about = `${sizeOf(options)} of ${options.bytes} B`
  const load = (port: number): LoadSpec => ({ kind: 'tcp-echo', options: { ...options, port } })
  return { name, about, load, servers: compared, targets: targetsOf({ 'node:net': ratio }) }
}

function http(
  name: string,
  compared: readonly Server[],
  options: Partial<LoadKinds['http-get']>,
  targets: Readonly<Record<string, number>>,
): Workload {
  const get = { connections: 50, inFlight: 1, path: '/', status: 200, ...options }
  const body = BODIES[get.path]
  const about = `${sizeOf(get)}, GET ${get.path}`
  const load = (port: number): LoadSpec => ({
    kind: 'http-get',
    options: { ...get, port, ...(body === undefined ? {} : { body }) },
  })
  return { name, about, load, servers: compared, targets: targetsOf(targets) }
}

function websocket(
  name: string,
  options: Omit<LoadKinds['websocket-echo'], 'port'>,
  targets: Readonly<Record<string, number>>,
): Workload {
  const about = `${sizeOf(options)} of ${options.bytes} B${options.text === true ? ' of text' : ''}`
  const load = (port: number): LoadSpec => ({ kind: 'websocket-echo', options: { ...options, port } })
  return { name, about, load, servers: WEBSOCKET, targets: targetsOf(targets) }
}

function deflate(name: string, bytes: number, targets: Readonly<Record<string, number>>): Workload {
  const options = { connections: 50, inFlight: 4, bytes }
  const about = `${sizeOf(options)} of ${bytes} B of JSON, compressed`
  const load = (port: number): LoadSpec => ({ kind: 'deflated-echo', options: { ...options, port } })
  return { name, about, load, servers: WEBSOCKET_DEFLATE, targets: targetsOf(targets) }
}

function sizeOf({
  connections,
  inFlight,
}: {
  readonly connections: number
  readonly inFlight: number
}): string {
  return `${connections} connections, ${inFlight} in flight`
}

/** Of a key such as `p99 of ws`, the figure is the first word. */
function targetsOf(ratios: Readonly<Record<string, number>>): readonly Target[] {
  return Object.entries(ratios).map(([key, ratio]) =>
    key.startsWith(P99)
      ? { peer: key.slice(P99.length), figure: 'p99', ratio }
      : { peer: key, figure: 'requests', ratio },
  )
}

function servers(protocol: string, names: readonly string[]): readonly Server[] {
  return names.map((name) => {
    const runtime = name === 'Bun' ? 'bun' : name === 'Twisted' || name === 'Autobahn' ? 'python' : 'node'
    const file = `${protocol}-${name.toLowerCase().replace(':', '-')}.${runtime === 'python' ? 'py' : 'mjs'}`
    return { name, file, runtime }
  })
}
