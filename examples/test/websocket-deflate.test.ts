import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws'
import { reactor } from '@ropewalk/core'
import { connectWebSocket, type GivenDeflateOptions } from '@ropewalk/websocket'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'

/** Messages that are alike, of sizes on both sides of the threshold and of the size of a slice. */
const TEXTS = [
  'short',
  '',
  JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id, name: `user ${id}`, online: id % 3 === 0 }))),
  JSON.stringify(Array.from({ length: 41 }, (_, id) => ({ id, name: `user ${id}`, online: id % 5 === 0 }))),
  'Grüße 😀 '.repeat(200),
  'large '.repeat(50_000),
  'short',
]

const PARAMETERS: readonly PerMessageDeflateOptions[] = [
  { threshold: 0 },
  { threshold: 0, serverNoContextTakeover: true },
  { threshold: 0, clientNoContextTakeover: true },
  { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  { threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
  { threshold: 0, serverMaxWindowBits: 10, zlibDeflateOptions: { level: 1 } },
]

describe('websocket-echo.ts --deflate', () => {
  let example: ExampleProcess
  beforeAll(async () => {
    example = await ExampleProcess.start('websocket-echo', '--deflate')
  })
  afterAll(() => example.finish())

  test.each(PARAMETERS)('echoes to a client of ws with %j', async (perMessageDeflate) => {
    const socket = new WebSocket(`ws://127.0.0.1:${example.port}/`, { perMessageDeflate })
    await once(socket, 'open')
    expect(socket.extensions).toBe('permessage-deflate')
    for (const text of TEXTS) {
      socket.send(text)
      const [data] = (await once(socket, 'message')) as [Buffer]
      expect(data.toString() === text, text.slice(0, 20)).toBe(true)
    }
    // All at once: their order is kept.
    const received: string[] = []
    socket.on('message', (data: Buffer) => received.push(data.toString()))
    for (const text of TEXTS) socket.send(text)
    while (received.length < TEXTS.length) await once(socket, 'message')
    expect(received).toEqual(TEXTS)
    socket.close(1000)
    expect((await once(socket, 'close'))[0]).toBe(1000)
  })

  test('sends fewer bytes', async () => {
    const bytesWith = async (perMessageDeflate: boolean): Promise<number> => {
      const socket = new WebSocket(`ws://127.0.0.1:${example.port}/`, { perMessageDeflate })
      let bytes = 0
      socket.once('upgrade', (response) =>
        response.socket.on('data', (data: Buffer) => (bytes += data.length)),
      )
      await once(socket, 'open')
      socket.send(TEXTS[5] ?? '')
      await once(socket, 'message')
      socket.terminate()
      return bytes
    }
    const [plain, compressed] = [await bytesWith(false), await bytesWith(true)]
    expect(plain).toBeGreaterThan(300_000)
    expect(compressed).toBeLessThan(5_000)
  })

  describe.skipIf(!hasChromium)('in a browser', { timeout: 60_000 }, () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      })
    })
    afterAll(() => browser.close())

    test('echoes to Chromium, which compresses what it sends', async () => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${example.port}/`)
      // As text: it runs in the page, whose globals TypeScript does not know here.
      const result: unknown = await page.evaluate(`(${IN_PAGE})(${JSON.stringify([...TEXTS, ...TEXTS])})`)
      const extensions = 'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12'
      expect(result).toEqual({ extensions, echoes: [...TEXTS, ...TEXTS] })
      await page.close()
    })
  })
})

/** Sends each text and waits for its echo. */
const IN_PAGE = `async (texts) => {
  const socket = new WebSocket(location.href.replace(/^http/, 'ws'))
  const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }))
  await next('open')
  const echoes = []
  for (const text of texts) {
    const echo = next('message')
    socket.send(text)
    echoes.push((await echo).data)
  }
  const { extensions } = socket
  socket.close(1000)
  return { extensions, echoes }
}`

const OFFERS: readonly GivenDeflateOptions[] = [
  true,
  { serverMaxWindowBits: 9, clientMaxWindowBits: 9, thresholdBytes: 0 },
  { serverContextTakeover: false, thresholdBytes: 0 },
  { clientContextTakeover: false, thresholdBytes: 0 },
  { clientMaxWindowBits: 8, thresholdBytes: 0 },
]

describe.each(OFFERS)('a client with deflate %j', (deflate) => {
  test.each(PARAMETERS.slice(0, 6))('exchanges messages with a server of ws with %j', async (parameters) => {
    // ws declines an offer with a smaller window than the one of its options.
    const { serverMaxWindowBits: asked } = typeof deflate === 'object' ? deflate : {}
    const perMessageDeflate =
      asked !== undefined && parameters.serverMaxWindowBits === 15 ? { threshold: 0 } : parameters
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate })
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer, binary: boolean) => socket.send(data, { binary })),
    )
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = await connectWebSocket(`ws://127.0.0.1:${port}/`, { reactor, deflate })
    try {
      const extensions = [...server.clients].map((client) => client.extensions)
      expect(extensions).toEqual(['permessage-deflate'])
      const messages = socket[Symbol.asyncIterator]()
      for (const text of [...TEXTS, ...TEXTS]) {
        await socket.send(text)
        expect((await messages.next()).value === text, text.slice(0, 20)).toBe(true)
      }
    } finally {
      socket.transport.abortConnection()
      server.close()
      for (const client of server.clients) client.terminate()
    }
  })
})
