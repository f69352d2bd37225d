import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { createServer } from 'node:net'
import { socketPath } from './socket-harness.ts'

/** Leaves a socket file behind on which nobody listens, as a killed program does; answers its path. */
export async function leaveStaleSocket(): Promise<string> {
  const path = socketPath()
  const server = createServer()
  server.listen(`${path}-first`)
  await once(server, 'listening')
  // A server takes its file away by the name it gave it.
  renameSync(`${path}-first`, path)
  server.close()
  await once(server, 'close')
  return path
}
