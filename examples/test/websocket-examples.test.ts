import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n')
/** A masked text frame, `hi`. */
const HI = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2])
const HI_BACK = '\x81\x02hi'

async function open(port: number, path: string = '/'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

/** Sends a message, and returns the next one received. */
async function exchange(socket: WebSocket, message: string | Buffer): Promise<string | Buffer> {
  socket.send(message)
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean]
  return isBinary ? data : data.toString()
}

describe.each(['websocket-echo', 'article'])('%s with the ws client', (name) => {
  let example: ExampleProcess
  beforeAll(async () => {
    example = await ExampleProcess.start(name)
  })
  afterAll(() => example.finish())

  test('echoes text and bytes of any size', async () => {
    const socket = await open(example.port)
    expect(await exchange(socket, 'Grüße 😀')).toBe('Grüße 😀')
    expect(await exchange(socket, '')).toBe('')
    for (const length of [0, 125, 126, 65_535, 65_536, 1 << 20]) {
      const message = Buffer.alloc(length, 'x')
      const back = await exchange(socket, message)
      expect(Buffer.isBuffer(back) && back.equals(message)).toBe(true)
    }
    socket.close(1000, 'done')
    expect((await once(socket, 'close'))[0]).toBe(1000)
  })

  test('echoes fragments as one message, and replies to a ping between them', async () => {
    const socket = await open(example.port)
    socket.send('frag', { fin: false })
    socket.ping('p')
    expect((await once(socket, 'pong'))[0].toString()).toBe('p')
    expect(await exchange(socket, 'mented')).toBe('fragmented')
    socket.terminate()
  })

  test('echoes a frame sent with the handshake, and frames cut at every byte', async () => {
    const connection = await Connection.open(example.port)
    connection.socket.write(Buffer.concat([Buffer.from(HANDSHAKE), HI]))
    await connection.until((text) => text.endsWith(`\r\n\r\n${HI_BACK}`))
    for (let cut = 1; cut < HI.length; cut++) {
      connection.socket.write(HI.subarray(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      connection.socket.write(HI.subarray(cut))
      await connection.until((text) => text.endsWith(HI_BACK.repeat(cut + 1)))
    }
    expect(connection.text.split(HI_BACK).length - 1).toBe(HI.length)
    connection.socket.destroy()
  })

  test('serves other clients after one breaks the protocol and one resets', async () => {
    const rude = await Connection.open(example.port)
    rude.socket.write(`${HANDSHAKE}\x81\x01x`)
    expect(await rude.end()).toContain('\x88')
    const gone = await Connection.open(example.port)
    gone.socket.write(HANDSHAKE)
    await gone.until((text) => text.includes('101'))
    gone.socket.resetAndDestroy()
    const socket = await open(example.port)
    expect(await exchange(socket, 'still there')).toBe('still there')
    socket.terminate()
  })
})

describe('websocket-echo', () => {
  test('closes open WebSockets with 1001 when it is stopped', async () => {
    const example = await ExampleProcess.start('websocket-echo')
    const sockets = await Promise.all([open(example.port), open(example.port)])
    const closed = sockets.map((socket) => once(socket, 'close'))
    expect(await example.stop()).toBe(0)
    for (const [code] of await Promise.all(closed)) expect(code).toBe(1001)
  })

  test('echoes on every path', async () => {
    const example = await ExampleProcess.start('websocket-echo')
    const socket = await open(example.port, '/any/where?at=all')
    expect(await exchange(socket, 'here')).toBe('here')
    expect(await example.stop()).toBe(0)
  })

  test('accepts its own origin, and refuses other origins with 403', async () => {
    const example = await ExampleProcess.start('websocket-echo')
    for (const [host, status] of [
      ['elsewhere.example', '403'],
      [`127.0.0.1:${example.port}`, '101'],
    ]) {
      const page = await Connection.open(example.port)
      const fields = `Host: 127.0.0.1:${example.port}\r\nOrigin: http://${host}`
      page.socket.write(HANDSHAKE.replace('Host: 127.0.0.1', fields))
      expect(await page.until((text) => text.includes('\r\n\r\n'))).toMatch(
        new RegExp(`^HTTP/1.1 ${status} `),
      )
      page.socket.destroy()
    }
    await example.finish()
  })

  test('accepts a port number alone, and prints a localhost URL for a wildcard address', async () => {
    const example = await ExampleProcess.startWith('websocket-echo', ['0'])
    expect(example.output).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+\/ in a browser/)
    await example.finish()
    const everywhere = await ExampleProcess.startWith('websocket-echo', ['tcp:0'])
    expect(everywhere.output).toMatch(/^Open http:\/\/localhost:\d+\/ in a browser/)
    await everywhere.finish()
  })

  test('suggests a command for another port when its port is in use', async () => {
    const first = await ExampleProcess.start('websocket-echo')
    const { code, errors } = await ExampleProcess.run('websocket-echo', String(first.port))
    expect([code, errors]).toEqual([
      2,
      `Cannot listen on 127.0.0.1:${first.port}: the address is in use (EADDRINUSE). Choose another port: npm run example examples/websocket-echo.ts 9000\n`,
    ])
    await first.finish()
  })

  test('closes with 1009 when a message exceeds --max-message-bytes', async () => {
    const example = await ExampleProcess.start('websocket-echo', '--max-message-bytes', '1000')
    const socket = await open(example.port)
    expect(await exchange(socket, 'x'.repeat(1000))).toBe('x'.repeat(1000))
    socket.send('x'.repeat(1001))
    expect((await once(socket, 'close'))[0]).toBe(1009)
    expect(await example.stop()).toBe(0)
  })

  test('prints one line about wrong arguments, and exits with 2', async () => {
    for (const args of [['--max-message-bytes', 'abc'], ['--nonsense']]) {
      const { code, errors } = await ExampleProcess.run('websocket-echo', ...args)
      expect(code).toBe(2)
      expect(errors.trim().split('\n').length).toBe(1)
    }
  })
})
