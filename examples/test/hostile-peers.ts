import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Victim } from './victims.ts'

/** One kind of peer that a server meets sooner or later. */
export interface HostilePeer {
  /** What it does, in the present tense. */
  readonly name: string
  /** Does it once, and is gone afterwards. */
  readonly attack: (victim: Victim) => Promise<void>
  /** Those it is for; every one unless given. */
  readonly only?: (victim: Victim) => boolean
}

/** Those that a server of any protocol meets. */
export const ANY_PEERS: readonly HostilePeer[] = [
  {
    name: 'leaves while it connects',
    attack: async ({ port }) => {
      const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined)
      socket.destroy()
      await closed(socket)
      await reset(await open(port))
    },
  },
  {
    name: 'comes in a crowd beyond every limit, and leaves without having been served',
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
    name: 'ends right after its request, and reads to the end',
    attack: async ({ port, opening }) => leave(await open(port), opening),
  },
  {
    name: 'ends without a word, and reads to the end',
    attack: async ({ port }) => leave(await open(port)),
  },
  {
    name: 'sends its request byte by byte, and ends before the last',
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
    name: 'sends zeros behind its request',
    attack: async ({ port, opening }) =>
      leave(await open(port), Buffer.concat([opening, Buffer.alloc(100_000)])),
  },
  {
    name: 'sends a line of 2 MiB that never ends',
    attack: async ({ port }) => leave(await open(port), LONG_LINE),
  },
  {
    name: 'sends a line of 2 MiB behind its request',
    attack: async ({ port, opening }) => leave(await open(port), Buffer.concat([opening, LONG_LINE])),
  },
  {
    name: 'floods without reading, and resets',
    attack: async ({ port, opening, again }) => reset(await flooded(port, opening, again)),
  },
  {
    name: 'floods without reading, ends, and reads only then',
    attack: async ({ port, opening, again }) => leave(await flooded(port, opening, again, 1 << 20)),
  },
  {
    name: 'ends in the middle of its flood, and resets unread',
    attack: async ({ port, opening, again }) => {
      const socket = await flooded(port, opening, again)
      socket.end()
      await turn()
      await reset(socket)
    },
  },
]

/** Opens a connection that reads nothing until it is resumed; what goes wrong with it is what was wanted. */
export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Sends, as far as the victim takes it. */
export async function send(socket: Socket, data: Uint8Array): Promise<void> {
  if (socket.writable) await new Promise<void>((resolve) => socket.write(data, () => resolve()))
}

/** Goes with a reset. */
export async function reset(socket: Socket): Promise<void> {
  socket.resetAndDestroy()
  await closed(socket)
}

/**
 * Sends, ends, and reads until the victim has ended too.
 *
 * @throws {Error} (rejects) when the victim keeps the connection.
 */
export async function leave(socket: Socket, data: Uint8Array = Buffer.alloc(0)): Promise<void> {
  socket.resume()
  socket.end(data)
  await ended(socket)
}

/**
 * Reads until the victim has ended.
 *
 * @throws {Error} (rejects) when it has not after 15 s.
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
  if (isKept) throw new Error('The connection was kept for 15 s after its client had ended')
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

/** A connection that has sent `bytes` without reading, or fewer when the victim took no more. */
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

/** Whether the victim goes on taking. */
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
/** Bytes of every value in an order that repeats late: the same in every run. */
const GARBAGE = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * at * 31 + at * 7 + 129) >> 3))
