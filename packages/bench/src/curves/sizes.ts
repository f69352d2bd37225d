import type { Server } from '../servers.ts'
import { TCP, WEBSOCKET } from './compared.ts'
import type { Curve } from './curve.ts'
import { throughput } from './throughput.ts'

const CONNECTIONS = 4
/** 16 B, 64 B … 64 MiB. */
const SIZES = Array.from({ length: 12 }, (_, at) => 4 ** (at + 2))
/** Of longer messages few arrive in a second. */
const LONG_BYTES = 8 * 1024 * 1024

/** Bytes per CPU second with messages from 16 B to 64 MiB. */
export const SIZE_CURVES: readonly Curve[] = [
  curve('tcp-sizes', 'TCP echo', 'tcp-echo', TCP),
  curve('ws-sizes', 'WebSocket echo', 'websocket-echo', WEBSOCKET),
]

function curve(
  name: string,
  what: string,
  kind: 'tcp-echo' | 'websocket-echo',
  servers: readonly Server[],
): Curve {
  return throughput({
    name,
    title: `${what}: longer messages`,
    about: `${CONNECTIONS} connections, each with one message in flight. Bytes are counted in one direction.`,
    x: { label: 'Bytes of a message', unit: 'bytes' },
    y: { label: 'Bytes per CPU second of the server', unit: 'bytes' },
    servers,
    points: SIZES.map((bytes) => ({
      x: bytes,
      load: (port) => ({ kind, options: { port, connections: CONNECTIONS, inFlight: 1, bytes } }),
      durationMs: bytes < LONG_BYTES ? 500 : 2000,
    })),
    figure: ({ requests, cpuSeconds }, bytes) => (requests * bytes) / cpuSeconds,
  })
}
