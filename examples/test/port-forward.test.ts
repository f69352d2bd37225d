import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { StringTransport } from '@ropewalk/core/testing'
import { expect, test } from 'vitest'
import { Relay } from '../port-forward.ts'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

/** Listens on loopback for one test, half-open as a forwarder's target may be. */
async function target(accept?: (socket: Socket) => void): Promise<[Server, string]> {
  const server = createServer({ allowHalfOpen: true }, accept)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return [server, `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`]
}

/** Two ends of a relay, in memory. */
function relayed(): [StringTransport, StringTransport] {
  const near = new StringTransport()
  const far = StringTransport.connect(new Relay(near))
  near.begin(new Relay(far))
  return [near, far]
}

test('port-forward passes megabytes both ways to a peer that reads slowly, and the ends behind them', async () => {
  const echo = await ExampleProcess.start('tcp-echo')
  const forward = await ExampleProcess.start('port-forward', `tcp:127.0.0.1:${echo.port}`)
  const connection = await Connection.open(forward.port)
  // One piece for each turn of the loop: the rest waits in the forwarder, the echo, and here.
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

test('port-forward carries the end of one direction, and the other goes on', async () => {
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

test('port-forward carries a reset as a reset', async () => {
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

test('port-forward closes who cannot be passed on, and says why', async () => {
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

test('port-forward stops with connections open', async () => {
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

test('a relay reads no more while the other side does not, and loses nothing', () => {
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

test('a relay aborts the other side when its own is broken', () => {
  const [near, far] = relayed()
  near.receiveReset()
  far.pump()
  expect(far.connected).toBe(false)
  expect(far.signal.reason).toMatchObject({ name: 'ConnectionAborted', cause: { name: 'ConnectionLost' } })
})
