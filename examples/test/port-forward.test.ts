import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { StringTransport } from '@ropewalk/core/testing'
import { expect, test } from 'vitest'
import { Relay } from '../port-forward.ts'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

/** Starts a target on loopback that allows half-open connections; returns it with its endpoint string. */
async function target(accept?: (socket: Socket) => void): Promise<[Server, string]> {
  const server = createServer({ allowHalfOpen: true }, accept)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return [server, `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`]
}

/** The two transports of a relay, in memory. */
function relayed(): [StringTransport, StringTransport] {
  const near = new StringTransport()
  const far = StringTransport.connect(new Relay(near))
  near.begin(new Relay(far))
  return [near, far]
}

test('port-forward forwards megabytes and FINs in both directions while a peer reads slowly', async () => {
  const echo = await ExampleProcess.start('tcp-echo')
  const forward = await ExampleProcess.start('port-forward', `tcp:127.0.0.1:${echo.port}`)
  const connection = await Connection.open(forward.port)
  // The client reads one piece per turn, so that the rest waits in the forwarder, in the echo and here.
  connection.socket.on('data', () => {
    connection.socket.pause()
    setImmediate(() => connection.socket.resume())
  })
  const sent = Buffer.alloc(8 << 20, 'ropewalk ')
  connection.socket.end(sent)
  await connection.end()
  expect(connection.received.equals(sent)).toBe(true)
  await forward.finish()
  await echo.finish()
})

test('port-forward forwards the FIN of one direction, and keeps the other open', async () => {
  const [server, address] = await target((socket) => {
    socket.resume().on('end', () => socket.end('after your end'))
  })
  const forward = await ExampleProcess.start('port-forward', address)
  const connection = await Connection.open(forward.port)
  connection.socket.end('before mine')
  expect(await connection.end()).toBe('after your end')
  await forward.finish()
  server.close()
})

test('port-forward forwards a reset as a reset', async () => {
  const [server, address] = await target()
  const accepted = once(server, 'connection')
  const forward = await ExampleProcess.start('port-forward', address)
  const connection = await Connection.open(forward.port)
  const [far] = (await accepted) as [Socket]
  const failed = once(far, 'error')
  connection.socket.resetAndDestroy()
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }])
  await forward.finish()
  server.close()
})

test('port-forward closes a connection whose target cannot be reached, and prints why', async () => {
  const [server, address] = await target()
  await once(server.close(), 'close')
  const forward = await ExampleProcess.start('port-forward', address)
  const connection = await Connection.open(forward.port)
  expect(await connection.end()).toBe('')
  expect(await forward.stop()).toBe(0)
  expect(forward.errors).toMatch(
    /^Cannot connect to 127\.0\.0\.1:\d+: no program listens there \(ECONNREFUSED\)\n/,
  )
})

test('port-forward stops while connections are open', async () => {
  const [server, address] = await target()
  const accepted = once(server, 'connection')
  const forward = await ExampleProcess.start('port-forward', address)
  const connection = await Connection.open(forward.port)
  const [far] = (await accepted) as [Socket]
  far.resume().on('end', () => far.end())
  const [code] = await Promise.all([forward.stop(), connection.end()])
  expect(code).toBe(0)
  server.close()
})

test('a relay pauses while the other side does not read, and loses no bytes', () => {
  const [near, far] = relayed()
  const piece = Buffer.alloc(65_536, 'x')
  far.block()
  for (let times = 0; times < 64; times++) {
    near.receive(piece)
    near.pump()
    far.pump()
  }
  expect(far.bufferedBytes).toBeGreaterThan(0)
  expect(far.bufferedBytes).toBeLessThan(1 << 20)
  for (let times = 0; times < 128 && far.bytes().length < 64 * piece.length; times++) {
    far.unblock()
    far.pump()
    near.pump()
  }
  expect(far.bytes().equals(Buffer.concat(Array<Buffer>(64).fill(piece)))).toBe(true)
})

test('a relay aborts the other side when its own connection is reset', () => {
  const [near, far] = relayed()
  near.receiveReset()
  far.pump()
  expect(far.connected).toBe(false)
  expect(far.signal.reason).toMatchObject({ name: 'ConnectionAborted', cause: { name: 'ConnectionLost' } })
})
