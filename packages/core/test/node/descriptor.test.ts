import { closeSync, fstatSync, openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../src/addresses.ts'
import { checkingListener, closeRefused, descriptorAddress, assertSocket } from '../../src/node/descriptor.ts'
import { boundSilently, boundTCPSocket } from './bound-socket.ts'

describe('descriptorAddress', () => {
  test('names a descriptor as the system does', () => {
    expect(formatAddress(descriptorAddress(3))).toBe('unix:/dev/fd/3')
  })
})

describe('closeRefused', () => {
  test('closes a socket, and neither a file nor what is not open', () => {
    const [file, socket] = [openSync(import.meta.filename, 'r'), boundSilently()]
    for (const fd of [file, socket.fd, 12_345]) closeRefused(fd)
    expect(() => fstatSync(socket.fd)).toThrow('EBADF')
    expect(fstatSync(file).isFile()).toBe(true)
    closeSync(file)
  })
})

describe('checkingListener', () => {
  test('throws once a socket listens that did not before, and not when it did', async () => {
    const bound = await boundTCPSocket()
    expect(checkingListener(bound.fd)).not.toThrow()
    bound.close()
    const silent = boundSilently()
    const check = checkingListener(silent.fd)
    expect(check).not.toThrow()
    silent.listen(1)
    if (process.platform === 'linux') expect(check).toThrow('it does not listen')
    silent.close()
  })
})

describe('mustBeSocket', () => {
  test('takes a socket, and refuses what is none, or not even open', async () => {
    const file = openSync(import.meta.filename, 'r')
    expect(() => assertSocket(file)).toThrow('it is no socket')
    closeSync(file)
    expect(() => assertSocket(12_345)).toThrow('EBADF')
    const bound = await boundTCPSocket()
    expect(() => assertSocket(bound.fd)).not.toThrow()
    bound.close()
  })
})
