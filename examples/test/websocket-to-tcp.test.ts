import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ExampleProcess } from './example-process.ts'

/** Starts a TCP server on loopback; returns it with its endpoint string. */
async function target(accept: (socket: Socket) => void): Promise<[Server, string]> {
  const server = createServer({ allowHalfOpen: true }, accept)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return [server, `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`]
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

test('websocket-to-tcp forwards megabytes in both directions while both sides read slowly', async () => {
  const slowly = (socket: Socket): void => {
    socket.on('data', () => {
      socket.pause()
      setImmediate(() => socket.resume())
    })
  }
  const [server, address] = await target((socket) => {
    slowly(socket)
    socket.pipe(socket)
  })
  const bridge = await ExampleProcess.start('websocket-to-tcp', address)
  const socket = await open(bridge.port)
  const sent = Buffer.alloc(32 << 20, 'ropewalk ')
  const received: Buffer[] = []
  let bytes = 0
  socket.on('message', (data: Buffer) => {
    received.push(data)
    bytes += data.length
    socket.pause()
    setImmediate(() => socket.resume())
    if (bytes === sent.length) socket.close(1000)
  })
  for (let at = 0; at < sent.length; at += 100_000) socket.send(sent.subarray(at, at + 100_000))
  const [code] = await once(socket, 'close')
  expect(code).toBe(1000)
  expect(Buffer.concat(received).equals(sent)).toBe(true)
  await bridge.finish()
  server.close()
})

test('websocket-to-tcp does not read from a target while the WebSocket is not read', async () => {
  const sent = Buffer.alloc(64 << 20, 'ropewalk ')
  const [server, address] = await target((socket) => socket.once('data', () => socket.end(sent)))
  const bridge = await ExampleProcess.startMeasured('websocket-to-tcp', [
    'tcp:0:interface=127.0.0.1',
    address,
  ])
  const socket = await open(bridge.port)
  const received: Buffer[] = []
  socket.on('message', (data: Buffer) => received.push(data))
  const before = await bridge.memoryBytes()
  socket.send('go')
  socket.pause()
  // Each takes the process some turns. Without backpressure it would close with 1013 meanwhile.
  for (let times = 0; times < 20; times++) {
    expect((await bridge.memoryBytes()) - before).toBeLessThan(12 << 20)
  }
  socket.resume()
  expect((await once(socket, 'close'))[0]).toBe(1000)
  expect(Buffer.concat(received).equals(sent)).toBe(true)
  await bridge.finish()
  server.close()
})

test.each([
  ['FIN', (socket: Socket): void => void socket.end(), 1000],
  ['reset', (socket: Socket): void => void socket.resetAndDestroy(), 1014],
])('websocket-to-tcp closes the WebSocket after a %s of the target', async (_, end, expected) => {
  const [server, address] = await target((socket) => socket.once('data', () => end(socket)))
  const bridge = await ExampleProcess.start('websocket-to-tcp', address)
  const socket = await open(bridge.port)
  socket.send('go')
  expect((await once(socket, 'close'))[0]).toBe(expected)
  await bridge.finish()
  server.close()
})

test('websocket-to-tcp closes the connection when the WebSocket is closed, after its last message', async () => {
  const received: string[] = []
  const [server, address] = await target((socket) => {
    socket.on('data', (data) => received.push(data.toString()))
    socket.on('end', () => {
      received.push('end')
      socket.end()
    })
  })
  const bridge = await ExampleProcess.start('websocket-to-tcp', address)
  const socket = await open(bridge.port)
  socket.send('last')
  socket.close()
  await expect.poll(() => received.join(' '), { timeout: 15_000 }).toBe('last end')
  await bridge.finish()
  server.close()
})

test('websocket-to-tcp closes with 1014 when the target cannot be reached', async () => {
  const [server, address] = await target(() => undefined)
  await once(server.close(), 'close')
  const bridge = await ExampleProcess.start('websocket-to-tcp', address)
  const socket = await open(bridge.port)
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  expect(`${code} ${reason.toString()}`).toBe('1014 The target cannot be reached')
  expect(await bridge.stop()).toBe(0)
  expect(bridge.errors).toMatch(/^Cannot connect to /)
})
