import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Victim } from './victims.ts'

/** A kind of peer that attacks a server or misbehaves. */
export interface HostilePeer {
  /** The end of the sentence "survives a peer that …". */
  readonly name: string
  /** Attacks once; resolves when the peer's connections are closed. */
  readonly attack: (victim: Victim) => Promise<void>
  /** The victims it attacks; all of them by default. */
  readonly only?: (victim: Victim) => boolean
}

/** Peers that attack a server of any protocol. */
export const ANY_PEERS: readonly HostilePeer[] = [
  {
    name: 'closes or resets while it connects',
    attack: async ({ port }) => {
      const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined)
      socket.destroy()
      await closed(socket)
      await reset(await open(port))
    },
  },
  {
    name: 'opens 12 connections at once, and closes or resets them without a request',
    attack: async ({ port }) => {
      const crowd = await Promise.all(Array.from({ length: 12 }, () => open(port)))
      await Promise.all(crowd.map((socket, at) => (at % 2 === 0 ? reset(socket) : leave(socket))))
    },
  },
  {
    name: 'resets in the middle of its request',
    attack: async ({ port, opening }) => {
      const socket = await open(port)
      await send(socket, opening.subarray(0, opening.length / 2))
      await reset(socket)
    },
  },
  {
    name: 'resets right after its request',
    attack: async ({ port, opening }) => {
      const socket = await open(port)
      await send(socket, opening)
      await reset(socket)
    },
  },
  {
    name: 'sends a FIN right after its request, and reads to the end',
    attack: async ({ port, opening }) => leave(await open(port), opening),
  },
  {
    name: 'sends only a FIN, and reads to the end',
    attack: async ({ port }) => leave(await open(port)),
  },
  {
    name: 'sends its request byte by byte, and a FIN in place of the last byte',
    attack: async ({ port, opening }) => {
      const socket = await open(port)
      for (const byte of opening.subarray(0, -1)) {
        socket.write(Buffer.of(byte))
        await turn()
      }
      await leave(socket)
    },
  },
  {
    name: 'sends garbage',
    attack: async ({ port }) => {
      const [one, other] = [await open(port), await open(port)]
      await send(one, GARBAGE)
      await reset(one)
      await leave(other, GARBAGE)
    },
  },
  {
    name: 'sends zeros after its request',
    attack: async ({ port, opening }) =>
      leave(await open(port), Buffer.concat([opening, Buffer.alloc(100_000)])),
  },
  {
    name: 'sends a line of 2 MiB that never ends',
    attack: async ({ port }) => leave(await open(port), LONG_LINE),
  },
  {
    name: 'sends a line of 2 MiB after its request',
    attack: async ({ port, opening }) => leave(await open(port), Buffer.concat([opening, LONG_LINE])),
  },
  {
    name: 'floods without reading, and resets',
    attack: async ({ port, opening, again }) => reset(await flooded(port, opening, again)),
  },
  {
    name: 'floods without reading, sends a FIN, and reads only then',
    attack: async ({ port, opening, again }) => leave(await flooded(port, opening, again, 1 << 20)),
  },
  {
    name: 'sends a FIN in the middle of its flood, and resets without reading',
    attack: async ({ port, opening, again }) => {
      const socket = await flooded(port, opening, again)
      socket.end()
      await turn()
      await reset(socket)
    },
  },
]

/** Opens a connection that reads nothing until it is resumed. Its errors are expected and ignored. */
export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Writes `data`, unless the connection is closed; resolves when it is written. */
export async function send(socket: Socket, data: Uint8Array): Promise<void> {
  if (socket.writable) await new Promise<void>((resolve) => socket.write(data, () => resolve()))
}

/** Resets the connection. */
export async function reset(socket: Socket): Promise<void> {
  socket.resetAndDestroy()
  await closed(socket)
}

/**
 * Sends `data` and a FIN, and reads until the victim has closed too.
 *
 * @throws {Error} (rejects) when the victim keeps the connection for 15 s.
 */
export async function leave(socket: Socket, data: Uint8Array = Buffer.alloc(0)): Promise<void> {
  socket.resume()
  socket.end(data)
  await ended(socket)
}

/**
 * Reads until the victim has closed.
 *
 * @throws {Error} (rejects) when it keeps the connection for 15 s.
 */
export async function ended(socket: Socket): Promise<void> {
  socket.resume()
  let isKept = false
  const timer = setTimeout(() => {
    isKept = true
    socket.resetAndDestroy()
  }, 15_000)
  socket.once('end', () => socket.end())
  await closed(socket)
  clearTimeout(timer)
  if (isKept) throw new Error('The connection was kept for 15 s after its client had finished')
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

/**
 * Returns a connection that has sent `bytes` bytes without reading, or fewer if the victim stopped reading.
 */
export async function flooded(
  port: number,
  opening: Uint8Array,
  again: Uint8Array,
  bytes: number = 8 << 20,
): Promise<Socket> {
  const socket = await open(port)
  socket.write(opening)
  const piece = Buffer.concat(Array.from({ length: Math.ceil(65_536 / again.length) }, () => again))
  for (let sent = 0; sent < bytes && socket.writable; sent += piece.length) {
    if (socket.write(piece)) continue
    if (!(await drained(socket))) break
  }
  return socket
}

/** Whether the victim reads on: false when nothing drains within 250 ms, or the connection is closed. */
async function drained(socket: Socket): Promise<boolean> {
  const over = new AbortController()
  const { signal } = over
  const timer = setTimeout(() => over.abort(), 250)
  try {
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })])
    return socket.writable
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

const LONG_LINE = Buffer.alloc(2 * 1024 * 1024, 'x')
/** Bytes of many values with a long period, the same in every run. */
const GARBAGE = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * at * 31 + at * 7 + 129) >> 3))
