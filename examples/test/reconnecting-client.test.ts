import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

test('reconnecting-client reconnects to a server that is stopped and started again', async () => {
  const first = await listen(0)
  const client = ExampleProcess.run('reconnecting-client', `tcp:127.0.0.1:${portOf(first)}`)
  const connection = await greeted(first)
  const closed = once(first, 'close')
  connection.end('welcome\r\n')
  first.close()
  await closed
  const second = await listen(portOf(first))
  const again = await greeted(second)
  again.write('welcome back\r\nbye\r\n')
  const { code, output, errors } = await client
  second.close()
  again.destroy()
  expect([code, output]).toEqual([
    0,
    'Connected\nwelcome\nDisconnected\nConnected\nwelcome back\nbye\nDisconnected\n',
  ])
  expect(errors).toMatch(/^[^\n]* Not connected: Connection was closed cleanly. Trying again in \d+ ms\n/)
})

test('reconnecting-client prints one line about an invalid endpoint, and exits with 2', async () => {
  const { code, errors } = await ExampleProcess.run('reconnecting-client', 'tcp:127.0.0.1')
  expect([code, errors.split('\n').length]).toEqual([2, 2])
  expect(errors).toMatch(/^Cannot understand endpoint "tcp:127.0.0.1"/)
})

async function listen(port: number): Promise<Server> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  PORTS.set(server, (server.address() as AddressInfo).port)
  return server
}

function portOf(server: Server): number {
  return PORTS.get(server) ?? 0
}

/** Resolves with the next client's connection, after the client has sent its hello. */
async function greeted(server: Server): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [hello] = (await once(socket, 'data')) as [Buffer]
  expect(hello.toString()).toBe('hello\r\n')
  return socket
}

/** The port of each server: a closed server has no address() any more. */
const PORTS = new WeakMap<Server, number>()
