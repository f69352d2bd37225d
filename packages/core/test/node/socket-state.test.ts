import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { socketState } from '../../src/node/socket-state.ts'
import { boundSilently, boundTCPSocket, descriptorOf } from './bound-socket.ts'
import { socketPath } from './socket-harness.ts'

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

  test('knows nothing of a file', () => {
    const fd = openSync(import.meta.filename, 'r')
    expect(socketState(fd)).toBeUndefined()
    closeSync(fd)
  })
})
