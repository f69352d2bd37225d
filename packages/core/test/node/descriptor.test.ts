import { once } from 'node:events'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../src/index.ts'
import {
  assertSocket,
  checkingListener,
  closeRefused,
  descriptorAddress,
  socketState,
} from '../../src/node/descriptor.ts'
import { boundSilently, boundTCPSocket, descriptorOf } from './bound-socket.ts'
import { socketPath } from './socket-harness.ts'

describe('descriptorAddress', () => {
  test('names a descriptor as the system does', () => {
    expect(formatAddress(descriptorAddress(3))).toBe('unix:/dev/fd/3')
  })
})

describe('closeRefused', () => {
  test('closes a socket, but not a file or a closed descriptor', () => {
    const [file, socket] = [openSync(import.meta.filename, 'r'), boundSilently()]
    for (const fd of [file, socket.fd, 12_345]) closeRefused(fd)
    expect(() => fstatSync(socket.fd)).toThrow('EBADF')
    expect(fstatSync(file).isFile()).toBe(true)
    closeSync(file)
  })
})

describe('checkingListener', () => {
  test('throws when a socket listens that did not before, and not when it did', async () => {
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

describe('assertSocket', () => {
  test('accepts a socket, and refuses a file and a closed descriptor', async () => {
    const file = openSync(import.meta.filename, 'r')
    expect(() => assertSocket(file)).toThrow('it is not a socket')
    closeSync(file)
    expect(() => assertSocket(12_345)).toThrow('EBADF')
    const bound = await boundTCPSocket()
    expect(() => assertSocket(bound.fd)).not.toThrow()
    bound.close()
  })
})

describe.skipIf(process.platform !== 'linux')('socketState', () => {
  test('distinguishes TCP sockets that listen from those that are connected or only bound', async () => {
    const [listening, bound] = [await boundTCPSocket(), boundSilently()]
    const client = connect(listening.port, '127.0.0.1')
    const [accepted] = (await once(listening.server, 'connection')) as [Socket]
    expect([listening.fd, descriptorOf(client), descriptorOf(accepted), bound.fd].map(socketState)).toEqual([
      'listening',
      'connected',
      'connected',
      undefined,
    ])
    accepted.destroy()
    client.destroy()
    bound.close()
    listening.close()
  })

  test('distinguishes UNIX sockets that listen from those that are connected', async () => {
    const path = socketPath()
    const server = createServer().listen(path)
    await once(server, 'listening')
    const client = connect(path)
    const [accepted] = (await once(server, 'connection')) as [Socket]
    expect([server, client, accepted].map(descriptorOf).map(socketState)).toEqual([
      'listening',
      'connected',
      'connected',
    ])
    client.destroy()
    accepted.destroy()
    server.close()
  })

  test('returns undefined for a file', () => {
    const fd = openSync(import.meta.filename, 'r')
    expect(socketState(fd)).toBeUndefined()
    closeSync(fd)
  })
})
