import { fstatSync } from 'node:fs'
import { unixAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'

/** The name of a descriptor whose socket Node tells nothing about: `/dev/fd/3`. */
export function descriptorAddress(fd: number): Address {
  return unixAddress(`/dev/fd/${fd}`)
}

/** @throws {Error} unless `fd` is a socket: what is none must not be closed for the mistake. */
export function mustBeSocket(fd: number): void {
  if (!fstatSync(fd).isSocket()) throw new Error('it is no socket')
}
