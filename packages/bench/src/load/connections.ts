import { connect, type Socket } from 'node:net'
import type { LoadOptions } from './load.ts'

/** Where a connection delivers what it receives. */
export interface Receiver {
  /** The chunk is valid during the call only: all connections share one buffer. The bytes are the first `count`. */
  received(chunk: Buffer, count: number): void
}

/** The half of a connection that sends. */
export interface Connection {
  /** Sends the bytes, which the caller must not change later. */
  write(data: Uint8Array | undefined): void
}

/**
 * Opens the connections of a load, a hundred at a time.
 *
 * Each of them may send a prelude first: a request to upgrade, after whose response it is open. The response must
 * have the status 101 and no byte after it.
 *
 * @param accept Called with each connection when it is open; returns its receiver.
 * @returns The sockets, for loads that stop to read or close.
 */
export async function openAll(
  options: LoadOptions,
  prelude: string | undefined,
  accept: (connection: Connection) => Receiver,
): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < options.connections) {
    const count = Math.min(AT_ONCE, options.connections - sockets.length)
    const wave = Array.from({ length: count }, (_, at) =>
      open(options.port, sourceOf(sockets.length + at), prelude, accept),
    )
    sockets.push(...(await Promise.all(wave)))
  }
  return sockets
}

/**
 * The address of the client's end: one address has too few ports for 50 000 connections.
 *
 * The first connections name none. To bind an address takes a port from all servers, also from those that a load before
 * this one has used, and the kernel searches the longer for one the fewer are left.
 */
function sourceOf(index: number): { readonly localAddress?: string } {
  const address = Math.floor(index / CONNECTIONS_PER_ADDRESS)
  return address === 0 ? {} : { localAddress: `127.0.0.${1 + address}` }
}

function open(
  port: number,
  source: { readonly localAddress?: string },
  prelude: string | undefined,
  accept: (connection: Connection) => Receiver,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let receiver: Receiver | undefined
    let head = ''
    const socket = connect({
      port,
      host: '127.0.0.1',
      ...source,
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (count) => {
          if (receiver !== undefined) receiver.received(READ_BUFFER, count)
          else {
            head += READ_BUFFER.toString('latin1', 0, count)
            if (head.includes('\r\n\r\n')) opened()
          }
          return true
        },
      },
    })
    const opened = (): void => {
      if (prelude !== undefined && !/^HTTP\/1\.1 101 [^]*\r\n\r\n$/.test(head))
        throw new Error(`The server does not upgrade: ${head.slice(0, 300)}`)
      if (prelude?.includes('permessage-deflate') === true && !head.includes('permessage-deflate'))
        throw new Error(`The server does not compress: ${head.slice(0, 300)}`)
      receiver = accept({ write: (data = EMPTY) => void socket.write(data) })
      resolve(socket)
    }
    socket.on('connect', () => (prelude === undefined ? opened() : socket.write(prelude)))
    socket.on('error', reject)
    socket.on('close', () => {
      throw new Error('The server closed a connection')
    })
  })
}

/** The most bytes that a receiver is given at once. */
export const READ_BUFFER_BYTES = 256 * 1024
const READ_BUFFER = Buffer.alloc(READ_BUFFER_BYTES)
const EMPTY = Buffer.alloc(0)
const AT_ONCE = 100
const CONNECTIONS_PER_ADDRESS = 20_000
