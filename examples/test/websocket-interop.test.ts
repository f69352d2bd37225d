import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTLSServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createReactor } from '@ropewalk/core'
import { TLSHandshakeError } from '@ropewalk/core/tls'
import { connectWebSocket } from '@ropewalk/websocket'
import { type Browser, chromium } from 'playwright-core'
import { WebSocket as UndiciWebSocket } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ExampleProcess } from './example-process.ts'
import { CHROMIUM, hasChromium } from './other-clients.ts'
import { CERTIFICATE_FILE, KEY_FILE } from './parties.ts'
import { hasHAProxy, hasNginx, Proxy } from './proxy.ts'
import {
  AUTOBAHN_CLIENT,
  AUTOBAHN_SERVER,
  hasAutobahn,
  hasWebsockets,
  PythonProgram,
  WEBSOCKETS_CLIENT,
  WEBSOCKETS_SERVER,
} from './websocket-python.ts'

const DEFLATE = expect.stringMatching(/^permessage-deflate/)
/** Each is sent twice, so that a compressor with context refers to the first. */
const MESSAGES: readonly (string | Buffer)[] = [
  '',
  'Grüße 😀',
  'x'.repeat(70_000),
  Buffer.alloc(0),
  Buffer.alloc(1 << 20, 'abcdefg'),
].flatMap((message) => [message, message])

function nginxConfig(upstream: number, port: number | undefined): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid DIR/pid;
events { worker_connections 64; }
http {
  ${temporary.map((name) => `${name}_temp_path DIR/${name};`).join('\n  ')}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }
  }
}`
}

function haproxyConfig(upstream: number, port: number | undefined): string {
  return `
global
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
listen http
  bind 127.0.0.1:${port}
  server site 127.0.0.1:${upstream}
`
}

/** The ways to a server: direct, and through each proxy that is installed. */
class Ways {
  readonly #proxies: Proxy[] = []
  readonly #ports = new Map<string, number>()

  async start(upstream: number): Promise<void> {
    this.#ports.set('direct', upstream)
    const configs = { nginx: nginxConfig, haproxy: haproxyConfig } as const
    for (const kind of ['nginx', 'haproxy'] as const) {
      if (!{ nginx: hasNginx, haproxy: hasHAProxy }[kind]) continue
      const proxy = await Proxy.start(kind, ['http'], ({ http }) => configs[kind](upstream, http))
      this.#proxies.push(proxy)
      this.#ports.set(kind, proxy.ports['http'] ?? 0)
    }
  }

  url(way: string): string {
    return `ws://127.0.0.1:${this.#ports.get(way)}/`
  }

  async stop(): Promise<void> {
    for (const proxy of this.#proxies) await proxy.stop()
  }
}

const WAYS = [
  ['direct', true],
  ['nginx', hasNginx],
  ['haproxy', hasHAProxy],
] as const

/** Sends messages over a WebSocket of the W3C's interface, expects each back, closes, and returns what was agreed on. */
const CONVERSE = `async (socket, messages) => {
  socket.binaryType = 'arraybuffer'
  const failed = new Promise((_, reject) => {
    socket.addEventListener('error', () => reject(new Error('The WebSocket failed')), { once: true })
  })
  const next = (name) =>
    Promise.race([failed, new Promise((resolve) => socket.addEventListener(name, resolve, { once: true }))])
  const asBytes = (data) => (typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data))
  await next('open')
  for (const message of messages) {
    socket.send(message)
    const { data } = await next('message')
    if (typeof data !== typeof message) throw new Error('Another type came back')
    const [sent, back] = [asBytes(message), asBytes(data)]
    if (sent.length !== back.length || sent.some((byte, at) => byte !== back[at])) throw new Error('Not an echo')
  }
  const { extensions } = socket
  socket.close(1000)
  return [extensions, (await next('close')).code]
}`
type Converse = (socket: unknown, messages: readonly unknown[]) => Promise<[string, number]>
// oxlint-disable-next-line typescript/no-implied-eval -- the same text runs in a browser
const converse = new Function(`return ${CONVERSE}`)() as Converse

describe('websocket-echo with compression', { timeout: 60_000 }, () => {
  let example: ExampleProcess
  const ways = new Ways()
  beforeAll(async () => {
    example = await ExampleProcess.start('websocket-echo', '--deflate')
    await ways.start(example.port)
  })
  afterAll(async () => {
    await ways.stop()
    await example.finish()
  })

  describe.each(WAYS.filter(([, isThere]) => isThere))('%s', (way) => {
    test('converses with ws', async () => {
      expect(await converse(new WebSocket(ways.url(way)), MESSAGES)).toEqual(['permessage-deflate', 1000])
    })

    test('converses with undici', async () => {
      expect(await converse(new UndiciWebSocket(ways.url(way)), MESSAGES)).toEqual([DEFLATE, 1000])
    })

    test.skipIf(!hasWebsockets)('converses with websockets of Python', async () => {
      expect(await PythonProgram.run(WEBSOCKETS_CLIENT, ways.url(way))).toBe('permessage-deflate 1000')
    })

    test.skipIf(!hasAutobahn)('converses with Autobahn', async () => {
      expect(await PythonProgram.run(AUTOBAHN_CLIENT, ways.url(way))).toBe('permessage-deflate 1000')
    })
  })

  describe.skipIf(!hasChromium)('Chromium', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
    })
    afterAll(() => browser.close())

    test.each(WAYS.filter(([, isThere]) => isThere))('converses, %s', async (way) => {
      const page = await browser.newPage()
      await page.goto(ways.url(way).replace('ws', 'http'))
      const messages = `['', 'Grüße 😀', 'x'.repeat(70000), new Uint8Array(0), new Uint8Array(2 ** 20).fill(7)].flatMap((x) => [x, x])`
      const run = `(${CONVERSE})(new WebSocket(location.href.replace('http', 'ws')), ${messages})`
      expect(await page.evaluate(run)).toEqual([DEFLATE, 1000])
      await page.close()
    })
  })
})

describe('connectWebSocket with compression', { timeout: 60_000 }, () => {
  const reactor = createReactor({ log: [] })
  let running: Promise<unknown>
  beforeAll(() => {
    running = reactor.run({ installSignalHandlers: false })
  })
  afterAll(async () => {
    await reactor.stop()
    await running
  })

  /** Sends the messages, expects each back, closes, and returns the extensions of the response and the close code. */
  async function conversed(url: string): Promise<readonly unknown[]> {
    const socket = await connectWebSocket(url, { reactor, deflate: true })
    const replies = socket[Symbol.asyncIterator]()
    for (const message of MESSAGES) {
      await socket.send(message)
      const { value } = await replies.next()
      expect(typeof value).toBe(typeof message)
      expect(Buffer.from(message as string).equals(Buffer.from(value as string))).toBe(true)
    }
    const extensions = socket.transport.response.headers.get('Sec-WebSocket-Extensions')
    const { code, wasClean } = await socket.close()
    expect(wasClean).toBe(true)
    return [extensions, code]
  }

  describe('a server of ws', () => {
    const ways = new Ways()
    let server: WebSocketServer
    beforeAll(async () => {
      server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true })
      server.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      })
      await once(server, 'listening')
      await ways.start((server.address() as AddressInfo).port)
    })
    afterAll(async () => {
      await ways.stop()
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    })

    test.each(WAYS.filter(([, isThere]) => isThere))('%s', async (way) => {
      expect(await conversed(ways.url(way))).toEqual([DEFLATE, 1000])
    })
  })

  test.skipIf(!hasWebsockets)('a server of websockets of Python', async () => {
    const server = await PythonProgram.serve(WEBSOCKETS_SERVER)
    expect(await conversed(`ws://127.0.0.1:${server.port}/`)).toEqual([DEFLATE, 1000])
    await server.stop()
  })

  test.skipIf(!hasAutobahn)('a server of Autobahn', async () => {
    const server = await PythonProgram.serve(AUTOBAHN_SERVER)
    expect(await conversed(`ws://127.0.0.1:${server.port}/`)).toEqual([DEFLATE, 1000])
    await server.stop()
  })

  test('websocket-echo: both sides are ours', async () => {
    const example = await ExampleProcess.start('websocket-echo', '--deflate')
    expect(await conversed(`ws://127.0.0.1:${example.port}/`)).toEqual([DEFLATE, 1000])
    await example.finish()
  })

  test('CVE-2020-15133 of faye-websocket, CVE-2020-11050 of Java-WebSocket: a certificate is not verified', async () => {
    const cert = readFileSync(CERTIFICATE_FILE)
    const server = createTLSServer({ cert, key: readFileSync(KEY_FILE) }).listen(0, '127.0.0.1')
    const websockets = new WebSocketServer({ server })
    await once(server, 'listening')
    const url = `wss://localhost:${(server.address() as AddressInfo).port}/`
    const tls = { trustRoots: [cert] }
    const verified = await connectWebSocket(url, { reactor, tls })
    await verified.close()
    // Signed by itself; and for another host.
    await expect(connectWebSocket(url, { reactor })).rejects.toThrow(TLSHandshakeError)
    const otherHost = connectWebSocket(url, { reactor, tls: { ...tls, serverName: 'other.example' } })
    await expect(otherHost).rejects.toThrow(TLSHandshakeError)
    websockets.close()
    server.close()
    await once(server, 'close')
  })
})
