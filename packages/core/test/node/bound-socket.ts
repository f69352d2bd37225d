import type { Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import net, { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** A listening socket to pass on by its descriptor. */
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

/** The descriptor of a socket, which Node has no public API for. */
export function descriptorOf(owner: Server | Socket | DatagramSocket): number {
  const hidden = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'state symbol')
  const { handle } = (hidden === undefined ? {} : Reflect.get(owner, hidden)) as { readonly handle?: Handle }
  return (handle ?? (owner as unknown as { readonly _handle: Handle })._handle).fd
}

/** A TCP socket that is bound to the loopback interface, and does not listen. */
export function boundSilently(): Handle {
  // Node's own clusters bind with this.
  const { _createServerHandle: create } = net as unknown as {
    readonly _createServerHandle: (host: string, port: number, family: 4) => Handle
  }
  return create('127.0.0.1', 0, 4)
}

/** A socket with Node's internal handle. */
export interface Handle {
  readonly fd: number
  listen(backlog: number): void
  close(): void
}
