import type { Server } from '../servers.ts'

/** Ours over TCP, and what of Node is closest to it. */
export const TCP: readonly Server[] = [server('Ropewalk', 'tcp-ropewalk'), server('node:net', 'tcp-node-net')]
/** The same for HTTP. */
export const HTTP: readonly Server[] = [
  server('Ropewalk', 'http-ropewalk'),
  server('node:http', 'http-node-http'),
]
/** The same for WebSockets. */
export const WEBSOCKET: readonly Server[] = [
  server('Ropewalk', 'websocket-ropewalk'),
  server('ws', 'websocket-ws'),
]

/** A server that Node runs. */
export function server(name: string, file: string): Server {
  return { name, file: `${file}.mjs`, runtime: 'node' }
}
