import type { LoadSpec } from '../load/kinds.ts'
import type { Server } from '../servers.ts'
import type { Curve } from './curve.ts'
import { HTTP, TCP, WEBSOCKET } from './compared.ts'
import { throughput } from './throughput.ts'

const CONNECTIONS = [1, 10, 100, 1000, 10_000]
const DURATION_MS = 500

/** Requests per CPU second at 1 to 10 000 connections, each with one request in flight. */
export const CONNECTION_CURVES: readonly Curve[] = [
  curve('tcp-connections', 'TCP echo', 'Each sends 64 bytes, and waits for them.', TCP, (options) => ({
    kind: 'tcp-echo',
    options: { ...options, bytes: 64 },
  })),
  curve(
    'http-connections',
    'HTTP, keep-alive',
    'Each sends a GET, and waits for the response.',
    HTTP,
    (options) => ({
      kind: 'http-get',
      options: { ...options, path: '/', status: 200 },
    }),
  ),
  curve(
    'ws-connections',
    'WebSocket echo',
    'Each sends 64 bytes, and waits for them.',
    WEBSOCKET,
    (options) => ({
      kind: 'websocket-echo',
      options: { ...options, bytes: 64 },
    }),
  ),
]

/** The size of a closed loop. */
interface Size {
  readonly port: number
  readonly connections: number
  readonly inFlight: number
}

function curve(
  name: string,
  what: string,
  about: string,
  servers: readonly Server[],
  load: (size: Size) => LoadSpec,
): Curve {
  return throughput({
    name,
    title: `${what}: more connections`,
    about: `Connections with one request in flight. ${about}`,
    x: { label: 'Connections', unit: 'count' },
    y: { label: 'Requests per CPU second of the server', unit: 'count' },
    servers,
    points: CONNECTIONS.map((connections) => ({
      x: connections,
      load: (port) => load({ port, connections, inFlight: 1 }),
      durationMs: DURATION_MS,
    })),
    figure: ({ requests, cpuSeconds }) => requests / cpuSeconds,
  })
}
