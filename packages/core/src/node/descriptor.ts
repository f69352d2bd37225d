import { type Address, unixAddress } from '../addresses.ts'

/** The address of a descriptor for which Node reports no address: `/dev/fd/3`. */
export function descriptorAddress(fd: number): Address {
  return unixAddress(`/dev/fd/${fd}`)
}

/**
 * Closes a socket that Node has just refused because it is not a stream socket: the caller has given it away.
 * Must be called in the same turn, before another file can get the number.
 */
export function closeRefused(fd: number): void {
  const { closeSync, fstatSync } = process.getBuiltinModule('node:fs')
  try {
    if (fstatSync(fd).isSocket()) closeSync(fd)
  } catch {
    // It is closed already, or was never open.
  }
}

/** @throws {Error} unless `fd` is a socket, so that a file is never closed by mistake. */
export function assertSocket(fd: number): void {
  if (!process.getBuiltinModule('node:fs').fstatSync(fd).isSocket()) throw new Error('it is not a socket')
}

/**
 * Notes whether `fd` listens already, because Node would make it listen.
 *
 * @returns a function that throws an Error when `fd` listens now and did not before.
 * @throws {Error} unless `fd` is a socket.
 */
export function checkingListener(fd: number): () => void {
  assertSocket(fd)
  const before = socketState(fd)
  return () => {
    // The state of a socket of another network namespace is unknown before and after.
    if (before !== 'listening' && socketState(fd) === 'listening') throw new Error('it does not listen')
  }
}

/** The state of a socket; undefined where the system does not show it. */
export type SocketState = 'listening' | 'connected' | 'neither' | undefined

/**
 * The state of the stream socket `fd`. Linux shows it for the sockets of this process's network namespace
 * that listen or are connected, and not for a TCP socket that is only bound.
 */
export function socketState(fd: number): SocketState {
  const inode = String(process.getBuiltinModule('node:fs').fstatSync(fd).ino)
  for (const { path, inodeAt, stateAt, states } of TABLES) {
    const row = rowsOf(path).find((fields) => fields[inodeAt] === inode)
    if (row !== undefined) return states.get(stateAt.map((at) => row[at]).join(' ')) ?? 'neither'
  }
  return undefined
}

function rowsOf(path: string): readonly (readonly string[])[] {
  try {
    return process
      .getBuiltinModule('node:fs')
      .readFileSync(path, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
  } catch {
    return []
  }
}

interface Table {
  readonly path: string
  readonly inodeAt: number
  /** The columns that form the state. */
  readonly stateAt: readonly number[]
  readonly states: ReadonlyMap<string, SocketState>
}

/** See proc_pid_net(5). */
const TCP = {
  inodeAt: 9,
  stateAt: [3],
  states: new Map<string, SocketState>([
    ['01', 'connected'],
    ['0A', 'listening'],
  ]),
}
const TABLES: readonly Table[] = [
  { path: '/proc/self/net/tcp', ...TCP },
  { path: '/proc/self/net/tcp6', ...TCP },
  {
    path: '/proc/self/net/unix',
    inodeAt: 6,
    // The flags, then the state. The flags of a listening socket are 00010000.
    stateAt: [3, 5],
    states: new Map([
      ['00000000 03', 'connected'],
      ['00010000 01', 'listening'],
    ]),
  },
]
