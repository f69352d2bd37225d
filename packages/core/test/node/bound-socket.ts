import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** A listening socket to hand on by its descriptor. */
export interface BoundSocket {
  readonly fd: number
  readonly port: number
  readonly server: Server
  close(): void
}

/** Listens on the loopback interface, for a child process to accept. */
export async function boundTCPSocket(): Promise<BoundSocket> {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { fd: descriptorOf(server), port, server, close: () => void server.close() }
}

/** The system's number of a socket, which Node shows nobody. */
export function descriptorOf(owner: Server | Socket): number {
  const { _handle } = owner as unknown as { readonly _handle: { readonly fd: number } }
  return _handle.fd
}
