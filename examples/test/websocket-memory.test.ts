import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { constants, deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'
import { frame, HANDSHAKE } from './victims.ts'

const [MORE, TEXT, PING] = [0x00, 0x01, 0x89]
const KIB = 1024
const MIB = 1024 * KIB
/** As many as the limit of open files allows; that of most machines allows all. */
const IDLE = 10_000

/** Opens a WebSocket; the socket is paused. */
async function open(port: number, extensions?: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  const offer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`
  socket.write(HANDSHAKE.toString().replace(/\r\n\r\n$/, `\r\n${offer}\r\n`))
  await received(socket, (text) => text.includes('\r\n\r\n'))
  return socket
}

/** Reads until what has arrived `holds`, then pauses. */
async function received(socket: Socket, holds: (text: string) => boolean): Promise<void> {
  let text = ''
  while (!holds(text)) {
    socket.resume()
    const [data] = (await once(socket, 'data')) as [Buffer]
    text += data.toString('latin1')
  }
  socket.pause()
}

/** Sends a ping, and waits for its pong: the server has read what was sent before. */
async function settled(socket: Socket): Promise<void> {
  socket.write(frame(PING, 'settled'))
  await received(socket, (text) => text.includes('settled'))
}

describe('the memory of a WebSocket server', { timeout: 90_000 }, () => {
  let example: ExampleProcess
  const opened: Socket[] = []

  beforeAll(async () => {
    example = await ExampleProcess.startMeasured('websocket-echo', ['0', '--deflate'])
    // The first client makes the server load what it keeps.
    await settled(await client())
  })
  afterAll(() => example.stop())

  async function client(extensions?: string): Promise<Socket> {
    const socket = await open(example.port, extensions)
    opened.push(socket)
    return socket
  }

  /** The bytes by which the memory has grown since `before`, once what is freed later is gone. */
  async function growth(before: number, most: number): Promise<number> {
    let bytes = 0
    for (let at = 0; at < 20; at++) {
      bytes = (await example.memoryBytes()) - before
      if (bytes < most) break
    }
    return bytes
  }

  function closeAll(): void {
    for (const socket of opened.splice(0)) socket.destroy()
  }

  test('holds 200 000 fragments of one byte in less than 2 MiB', async () => {
    const before = await example.memoryBytes()
    const fragments = Buffer.concat(Array.from({ length: 20_000 }, () => frame(MORE, 'x')))
    for (let at = 0; at < 10; at++) {
      const socket = await client()
      socket.write(Buffer.concat([frame(TEXT, 'x'), fragments]))
      await settled(socket)
    }
    expect(await growth(before, 2 * MIB)).toBeLessThan(2 * MIB)
    closeAll()
  })

  test('owes one pong to a client that has sent 20 000 pings and reads nothing', async () => {
    const before = await example.memoryBytes()
    const pings = Buffer.concat(Array.from({ length: 20_000 }, () => frame(PING, 'p'.repeat(125))))
    for (let at = 0; at < 10; at++) {
      const socket = await client()
      await new Promise((resolve) => socket.write(pings, resolve))
    }
    expect(await growth(before, 3 * MIB)).toBeLessThan(3 * MIB)
    closeAll()
  })

  test('reads no more from a client that sends and reads nothing than its queue may hold', async () => {
    const before = await example.memoryBytes()
    // A binary message of 16 KiB, with the masking key 0.
    const message = Buffer.concat([Buffer.of(0x82, 0xfe, 0x40, 0, 0, 0, 0, 0), Buffer.alloc(16 * KIB)])
    const sockets = [await client(), await client(), await client(), await client()]
    for (const socket of sockets)
      for (let sent = 0; sent < 64 * MIB; sent += message.length) socket.write(message)
    // The server has stopped to read when nothing more is taken while it responds to several other requests.
    let left = 0
    for (let unchanged = 0; unchanged < 5;) {
      await example.memoryBytes()
      const waiting = sockets.reduce((bytes, { writableLength }) => bytes + writableLength, 0)
      unchanged = waiting === left ? unchanged + 1 : 0
      left = waiting
    }
    expect(left).toBeGreaterThan(100 * MIB)
    expect(await growth(before, 8 * MIB)).toBeLessThan(8 * MIB)
    closeAll()
  })

  test('inflates no more of a message than its limit: 40 messages that inflate to 512 MiB', async () => {
    // 64 MiB of zeros in 64 KiB, several times: the blocks do not depend on each other, and each fits the limit.
    const block = deflateRawSync(Buffer.alloc(64 * MIB), { finishFlush: constants.Z_FULL_FLUSH })
    const bomb = Buffer.concat(Array.from({ length: 8 }, () => block))
    const header = Buffer.from([0xc2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    header.writeUInt32BE(bomb.length, 6)
    const before = await example.memoryBytes()
    const closed: Promise<unknown>[] = []
    for (let at = 0; at < 40; at++) {
      const socket = await client('permessage-deflate')
      closed.push(once(socket, 'close'))
      socket.resume()
      socket.write(Buffer.concat([header, bomb]))
      if (at % 10 === 9) expect((await example.memoryBytes()) - before).toBeLessThan(32 * MIB)
    }
    await Promise.all(closed)
    expect(await growth(before, 2 * MIB)).toBeLessThan(2 * MIB)
    closeAll()
  })

  test(`keeps ${IDLE} idle WebSockets, each of which has sent a small message, in 10 KiB each`, async () => {
    const before = await example.memoryBytes()
    let count = 0
    try {
      for (; count < IDLE; count += 100) {
        await Promise.all(
          Array.from({ length: 100 }, async () => {
            const socket = await client()
            socket.write(frame(0x81, 'small'))
            await received(socket, (text) => text.includes('small'))
          }),
        )
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EMFILE' || count < 500) throw error
      console.warn(`Only ${count} connections: the limit of open files is too low`)
    }
    const each = (await growth(before, count * 10 * KIB)) / count
    expect(each).toBeLessThan(10 * KIB)
    closeAll()
    expect(await growth(before, 8 * MIB)).toBeLessThan(8 * MIB)
  })
})
