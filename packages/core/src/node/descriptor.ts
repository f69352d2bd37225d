import { closeSync, fstatSync, readFileSync } from 'node:fs'
import { type Address, unixAddress } from '../addresses.ts'

/** The name of a descriptor whose socket Node tells nothing about: `/dev/fd/3`. */
export function descriptorAddress(fd: number): Address {
  return unixAddress(`/dev/fd/${fd}`)
}

/**
 * Closes a socket that Node has just refused to take, because it is no stream socket: it was given away all the same.
 * To be called in the same turn, before another file can have the number.
 */
export function closeRefused(fd: number): void {
  try {
    if (fstatSync(fd).isSocket()) closeSync(fd)
  } catch {
    // It is closed already, or never was open.
  }
}

/** @throws {Error} unless `fd` is a socket, so that a file is never closed by mistake. */
export function assertSocket(fd: number): void {
  if (!fstatSync(fd).isSocket()) throw new Error('it is no socket')
}

/**
 * Node makes a socket listen that does not yet. What this returns looks whether it has.
 *
 * @returns a function that throws an Error when `fd` listens only now.
 * @throws {Error} unless `fd` is a socket.
 */
export function checkingListener(fd: number): () => void {
  assertSocket(fd)
  const before = socketState(fd)
  return () => {
    // One of another network namespace is shown neither before nor after.
    if (before !== 'listening' && socketState(fd) === 'listening') throw new Error('it does not listen')
  }
}

/** What a socket is at; undefined where the system does not show it. */
export type SocketState = 'listening' | 'connected' | 'neither' | undefined

/**
 * What the stream socket of `fd` is at. Linux shows it, for the sockets of this process's network namespace that
 * listen or are connected; of a TCP socket that is only bound it shows nothing.
 */
export function socketState(fd: number): SocketState {
  const inode = String(fstatSync(fd).ino)
  for (const { path, inodeAt, stateAt, states } of TABLES) {
    const row = rowsOf(path).find((fields) => fields[inodeAt] === inode)
    if (row !== undefined) return states.get(stateAt.map((at) => row[at]).join(' ')) ?? 'neither'
  }
  return undefined
}

function rowsOf(path: string): readonly (readonly string[])[] {
  try {
    return readFileSync(path, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
  } catch {
    return []
  }
}

interface Table {
  readonly path: string
  readonly inodeAt: number
  /** The columns that make the state. */
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
    // Its flags, then its state: one that listens is not connected.
    stateAt: [3, 5],
    states: new Map([
      ['00000000 03', 'connected'],
      ['00010000 01', 'listening'],
    ]),
  },
]
