import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import type { EchoClient } from '../run/fuzzing-server.ts'

/** A server of npm's `ws` that echoes. */
export interface WSServer {
  readonly url: string
  /** Closes every connection and stops listening. */
  stop(): Promise<void>
}

/** Starts a `ws` server on loopback. Messages may have 16 MiB; its other limits are its defaults. */
export async function startWSServer({
  perMessageDeflate = false,
  skipUTF8Validation = false,
} = {}): Promise<WSServer> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: MAX_BYTES,
    perMessageDeflate,
    skipUTF8Validation,
  })
  server.on('connection', (socket) => echo(socket))
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    stop: async () => {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A client of npm's `ws` that echoes; it offers compression to the cases that need it. */
export const wsClient: EchoClient = async (url, { deflate }) => {
  const socket = new WebSocket(url, { perMessageDeflate: deflate !== undefined, maxPayload: MAX_BYTES })
  echo(socket)
  await new Promise((resolve) => socket.once('close', resolve))
}

function echo(socket: WebSocket): void {
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

const MAX_BYTES = 16 << 20
