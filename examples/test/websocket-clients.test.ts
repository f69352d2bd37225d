import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTLSServer } from 'node:https'
import { type AddressInfo, createServer as createTCPServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReactor } from '@ropewalk/core'
import { SSLClientEndpoint, TCPClientEndpoint, UNIXClientEndpoint } from '@ropewalk/core/endpoints'
import { ClientService } from '@ropewalk/core/services'
import { TLSHandshakeError } from '@ropewalk/core/tls'
import { HTTPConnectEndpoint, ProxyRefused } from '@ropewalk/http/client'
import {
  ConnectionRejected,
  connectWebSocket,
  type ConnectWebSocketOptions,
  WebSocketClientEndpoint,
  WebSocketClientFactory,
  WebSocketHandshakeError,
  WebSocketProtocol,
} from '@ropewalk/websocket'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { ConnectProxy } from './connect-proxy.ts'
import { CERTIFICATE_FILE, KEY_FILE } from './parties.ts'

const CERTIFICATE = readFileSync(CERTIFICATE_FILE)
const reactor = createReactor({ log: [] })
const cleaners: (() => unknown)[] = []
let running: Promise<unknown>

beforeAll(() => {
  running = reactor.run({ installSignalHandlers: false })
})
afterEach(async () => {
  for (const clean of cleaners.splice(0)) await clean()
})
afterAll(async () => {
  await reactor.stop()
  await running
})

/** A server of `ws` that echoes, on a port of loopback or at a path. */
async function wsServer(server: Server = createServer(), where: number | string = 0) {
  const sockets: WebSocket[] = []
  const requests: IncomingMessage[] = []
  const websockets = new WebSocketServer({
    server,
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  })
  websockets.on('connection', (socket, request) => {
    sockets.push(socket)
    requests.push(request)
    // A frame that follows the 101 at once.
    socket.send('welcome')
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  if (typeof where === 'string') server.listen(where)
  else server.listen(where, '127.0.0.1')
  await once(server, 'listening')
  cleaners.push(async () => {
    for (const socket of websockets.clients) socket.terminate()
    websockets.close()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  return {
    sockets,
    requests,
    websockets,
    port: typeof address === 'string' ? 0 : (address as AddressInfo).port,
  }
}

function connect(url: string, options: ConnectWebSocketOptions = {}) {
  return connectWebSocket(url, { reactor, ...options })
}

/** Takes the greeting, sends messages of all lengths, and expects them back; then closes. */
async function converse(socket: Awaited<ReturnType<typeof connectWebSocket>>): Promise<void> {
  const messages = socket[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => (await messages.next()).value
  expect(await next()).toBe('welcome')
  for (const text of ['', 'Grüße 😀', 'x'.repeat(70_000)]) {
    await socket.send(text)
    expect(await next()).toBe(text)
  }
  for (const length of [0, 125, 126, 65_535, 65_536, 1 << 20]) {
    const data = Buffer.alloc(length, 'y')
    await socket.send(data)
    expect(data.equals((await next()) as Buffer)).toBe(true)
  }
  expect(await socket.close(4000, 'done')).toMatchObject({ code: 4000, reason: 'done', wasClean: true })
}

describe('connectWebSocket with a server of ws', () => {
  test('sends and receives messages of any length', async () => {
    const { port, requests } = await wsServer()
    await converse(await connect(`ws://127.0.0.1:${port}/chat?room=1`))
    expect(requests[0]?.url).toBe('/chat?room=1')
    expect(requests[0]?.headers.host).toBe(`127.0.0.1:${port}`)
  })

  test('agrees on a subprotocol, and sends headers and credentials', async () => {
    const { port, requests } = await wsServer()
    const options = { subprotocols: ['mqtt', 'chat'], headers: { Cookie: 'a=1' } }
    const socket = await connect(`ws://user:pass@localhost:${port}/`, options)
    expect(socket.transport.subprotocol).toBe('chat')
    expect(requests[0]?.headers).toMatchObject({
      cookie: 'a=1',
      authorization: `Basic ${btoa('user:pass')}`,
      'sec-websocket-protocol': 'mqtt, chat',
    })
    await socket.close()
  })

  test('receives the close code of the server, and replies to its pings', async () => {
    const { port, sockets } = await wsServer()
    const socket = await connect(`ws://127.0.0.1:${port}/`)
    const ponged = once(sockets[0] as WebSocket, 'pong')
    sockets[0]?.ping('p')
    expect((await ponged).toString()).toBe('p')
    sockets[0]?.close(4001, 'bye')
    expect(await socket.closed).toMatchObject({ code: 4001, reason: 'bye', closedBy: 'peer', wasClean: true })
  })

  test('rejects when the server refuses', async () => {
    const server = createServer()
    const websockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (_request, socket) => {
      const body = 'no entry'
      socket.end(
        `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    })
    server.on('request', (_request, response) => response.writeHead(426).end('upgrade'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleaners.push(() => (websockets.close(), server.close()))
    const { port } = server.address() as AddressInfo
    const error: unknown = await connect(`ws://127.0.0.1:${port}/`).catch((why: unknown) => why)
    expect(error).toBeInstanceOf(ConnectionRejected)
    expect(error).toMatchObject({ status: 401, body: Buffer.from('no entry'), bodyComplete: true })
  })
})

describe('connectWebSocket through TLS', () => {
  const tlsServer = (): Server => createTLSServer({ cert: CERTIFICATE, key: readFileSync(KEY_FILE) })

  test('verifies the certificate for the host of the URL', async () => {
    const { port } = await wsServer(tlsServer())
    const tls = { trustRoots: [CERTIFICATE] }
    for (const host of ['localhost', '127.0.0.1'])
      await converse(await connect(`wss://${host}:${port}/`, { tls }))
    const failures = [
      connect(`wss://localhost:${port}/`),
      connect(`wss://localhost:${port}/`, { tls: { ...tls, serverName: 'other.example' } }),
    ]
    for (const failure of failures) await expect(failure).rejects.toThrow(TLSHandshakeError)
  })

  test('starts TLS on the connection of any endpoint, and never twice', async () => {
    const { port, requests } = await wsServer(tlsServer())
    const endpoint = new TCPClientEndpoint(reactor, '127.0.0.1', port)
    const tls = { trustRoots: [CERTIFICATE] }
    await converse(await connect('wss://localhost/', { endpoint, tls }))
    expect(requests[0]?.headers.host).toBe('localhost')
    const secured = new SSLClientEndpoint(reactor, 'localhost', port, tls)
    await converse(await connect('wss://localhost/', { endpoint: secured }))
  })

  test('never sends the request without TLS', async () => {
    const { port, requests } = await wsServer()
    await expect(connect(`wss://127.0.0.1:${port}/`)).rejects.toThrow(TLSHandshakeError)
    expect(requests).toEqual([])
  })

  test('is left by no redirect', async () => {
    const secure = tlsServer()
    const { port } = await wsServer(secure)
    const plain = await wsServer()
    secure.removeAllListeners('upgrade')
    secure.on('upgrade', (_, socket: Socket) => {
      socket.end(
        `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${plain.port}/\r\nContent-Length: 0\r\n\r\n`,
      )
    })
    const options = { tls: { trustRoots: [CERTIFICATE] }, maxRedirects: 5 }
    const error: unknown = await connect(`wss://localhost:${port}/`, options).catch((why: unknown) => why)
    expect(error).toBeInstanceOf(WebSocketHandshakeError)
    expect(String(error)).toContain('it leaves TLS')
    expect(plain.requests).toEqual([])
  })

  test('follows a redirect to another host with the certificate of that host', async () => {
    const secure = tlsServer()
    const first = await wsServer(secure)
    const second = await wsServer(tlsServer())
    secure.removeAllListeners('upgrade')
    secure.on('upgrade', (_, socket: Socket) => {
      socket.end(
        `HTTP/1.1 307 Moved\r\nLocation: wss://127.0.0.1:${second.port}/b\r\nContent-Length: 0\r\n\r\n`,
      )
    })
    const tls = { trustRoots: [CERTIFICATE], serverName: 'localhost' }
    const options = { tls, maxRedirects: 1, headers: { Authorization: 'Bearer x', 'X-Other': '1' } }
    await converse(await connect(`wss://127.0.0.1:${first.port}/`, options))
    expect(second.requests[0]?.headers).toMatchObject({ 'x-other': '1' })
    expect(second.requests[0]?.headers.authorization).toBeUndefined()
  })
})

describe('connectWebSocket through UNIX sockets', () => {
  test('by the URL, and by an endpoint', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'))
    cleaners.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'a.sock')
    const { requests } = await wsServer(createServer(), path)
    await converse(await connect(`ws+unix:${path}:/chat`))
    await converse(
      await connect('ws://app.example/chat', { endpoint: new UNIXClientEndpoint(reactor, path) }),
    )
    expect(requests.map(({ url, headers }) => [url, headers.host])).toEqual([
      ['/chat', 'localhost'],
      ['/chat', 'app.example'],
    ])
  })
})

describe('connectWebSocket through a CONNECT proxy', () => {
  async function proxied(credentials: { username: string; password: string }) {
    const proxy = new ConnectProxy()
    const listening = await reactor.listenTCP(0, proxy, { interface: '127.0.0.1' })
    cleaners.push(() => listening.stopListening())
    const { port } = listening.getHost()
    const endpoint = (url: URL): HTTPConnectEndpoint =>
      new HTTPConnectEndpoint(
        new TCPClientEndpoint(reactor, '127.0.0.1', port),
        url.hostname,
        Number(url.port),
        {
          credentials,
        },
      )
    return { proxy, endpoint }
  }

  test('without and with TLS', async () => {
    const plain = await wsServer()
    const secure = await wsServer(createTLSServer({ cert: CERTIFICATE, key: readFileSync(KEY_FILE) }))
    const { proxy, endpoint } = await proxied({ username: 'user', password: 'pass' })
    const tls = { trustRoots: [CERTIFICATE] }
    await converse(await connect(`ws://127.0.0.1:${plain.port}/`, { endpoint }))
    await converse(await connect(`wss://localhost:${secure.port}/`, { endpoint, tls }))
    expect(proxy.requests).toEqual([
      `CONNECT 127.0.0.1:${plain.port} HTTP/1.1`,
      `CONNECT localhost:${secure.port} HTTP/1.1`,
    ])
    expect(plain.requests[0]?.headers['proxy-authorization']).toBeUndefined()
  })

  test('rejects when the proxy refuses', async () => {
    const { endpoint } = await proxied({ username: 'user', password: 'wrong' })
    const error: unknown = await connect('ws://127.0.0.1:1/', { endpoint }).catch((why: unknown) => why)
    expect(error).toBeInstanceOf(ProxyRefused)
    expect(error).toMatchObject({ status: 407, body: Buffer.from('login') })
  })

  test('refuses TLS within TLS, rather than to leave out the inner one', async () => {
    const proxy = new ConnectProxy()
    const tls = { cert: CERTIFICATE, key: readFileSync(KEY_FILE) }
    const listening = await reactor.listenSSL(0, proxy, tls, { interface: '127.0.0.1' })
    cleaners.push(() => listening.stopListening())
    const plain = await wsServer()
    const toProxy = new SSLClientEndpoint(reactor, 'localhost', listening.getHost().port, {
      trustRoots: [CERTIFICATE],
    })
    const credentials = { username: 'user', password: 'pass' }
    const endpoint = new HTTPConnectEndpoint(toProxy, '127.0.0.1', plain.port, { credentials })
    await converse(await connect('ws://example.org/', { endpoint }))
    await expect(connect('wss://example.org/', { endpoint })).rejects.toThrow('TLS cannot run within TLS')
    expect(plain.requests.length).toBe(1)
  })
})

describe('WebSocketClientEndpoint', () => {
  test('gives up on a server that never responds', async () => {
    const sockets: Socket[] = []
    const server = createTCPServer((socket) => sockets.push(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleaners.push(() => (sockets.forEach((socket) => socket.destroy()), server.close()))
    const { port } = server.address() as AddressInfo
    await expect(connect(`ws://127.0.0.1:${port}/`, { handshakeTimeoutMs: 50 })).rejects.toThrow(
      'the server did not respond within 50 ms',
    )
  })

  test('reconnects to a server that is started again', async () => {
    class Feed extends WebSocketProtocol {}
    const { port, websockets } = await wsServer()
    let attempts = 0
    const endpoint = new WebSocketClientEndpoint(reactor, `ws://127.0.0.1:${port}/`, {
      headers: () => ({ 'X-Attempt': `${++attempts}` }),
    })
    const factory = WebSocketClientFactory.forProtocol(Feed)
    const service = new ClientService(endpoint, factory, { reactor, retryPolicy: () => 10 })
    await service.startService()
    const first = await service.whenConnected()
    const reconnected = once(websockets, 'connection')
    for (const socket of websockets.clients) socket.terminate()
    const [, request] = (await reconnected) as [WebSocket, IncomingMessage]
    const second = await service.whenConnected()
    expect(second).not.toBe(first)
    expect(request.headers['x-attempt']).toBe('2')
    await service.stopService()
    expect(second.transport.open).toBe(false)
  })
})
