import { closeSync, fstatSync } from 'node:fs'
import { type Address, unixAddress } from '../addresses.ts'
import { socketState } from './socket-state.ts'

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
