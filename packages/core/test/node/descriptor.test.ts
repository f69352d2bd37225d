import { closeSync, openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../src/addresses.ts'
import { descriptorAddress, mustBeSocket } from '../../src/node/descriptor.ts'
import { boundTCPSocket } from './bound-socket.ts'

describe('descriptorAddress', () => {
  test('names a descriptor as the system does', () => {
    expect(formatAddress(descriptorAddress(3))).toBe('unix:/dev/fd/3')
  })
})

describe('mustBeSocket', () => {
  test('takes a socket, and refuses what is none, or not even open', async () => {
    const file = openSync(import.meta.filename, 'r')
    expect(() => mustBeSocket(file)).toThrow('it is no socket')
    closeSync(file)
    expect(() => mustBeSocket(12_345)).toThrow('EBADF')
    const bound = await boundTCPSocket()
    expect(() => mustBeSocket(bound.fd)).not.toThrow()
    bound.close()
  })
})
