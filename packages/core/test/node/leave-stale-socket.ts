import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { createServer } from 'node:net'
import { socketPath } from './socket-harness.ts'

/** Leaves a socket file on which no program listens, as a killed program does; returns its path. */
export async function leaveStaleSocket(): Promise<string> {
  const path = socketPath()
  const server = createServer()
  server.listen(`${path}-first`)
  await once(server, 'listening')
  // A server removes its file by the path that it bound.
  renameSync(`${path}-first`, path)
  server.close()
  await once(server, 'close')
  return path
}
