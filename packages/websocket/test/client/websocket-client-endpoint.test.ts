import { ConnectionRefusedError, NoProtocol } from '@ropewalk/core'
import {
  type ConnectingCancelledError,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from '@ropewalk/core/endpoints'
import { ClientService } from '@ropewalk/core/services'
import { chunkings } from '@ropewalk/core/testing'
import { TimeoutError } from '@ropewalk/core/time'
import { Headers, Site } from '@ropewalk/http'
import { HTTPConnectEndpoint } from '@ropewalk/http/client'
import { describe, expect, test } from 'vitest'
import {
  type Agreement,
  ConnectionRejected,
  type OpeningResponse,
  type WebSocketClosed,
  WebSocketClientEndpoint,
  WebSocketClientFactory,
  type WebSocketClientOptions,
  WebSocketHandshakeError,
  WebSocketProtocol,
  WebSocketResource,
} from '../../src/index.ts'
import { closing, serverFrame } from '../websocket-exchange.ts'
import { opened, type Script, ScriptedServer } from './scripted-server.ts'

class Recorder extends WebSocketProtocol {
  readonly events: string[] = []
  override negotiationStarted(transport: WebSocketProtocol['transport']): void {
    super.negotiationStarted(transport)
    this.events.push('started')
  }
  override negotiationFinished(): void {
    this.events.push('finished')
  }
  override textMessageReceived(text: string): void {
    this.events.push(text)
  }
  override connectionLost({ code }: WebSocketClosed): void {
    this.events.push(`lost ${code}`)
  }
}

const RECORDERS = WebSocketClientFactory.forProtocol(Recorder)
const accepting: Script = (request) => [opened(request)]

type Options = Partial<WebSocketClientOptions>

/** Connects to a scripted server on port 80, and returns how that settles. */
async function connect(server: ScriptedServer, options: Options = {}, url: string = 'ws://h/') {
  const endpoint = new WebSocketClientEndpoint(server.reactor, url, options)
  return server.outcome(endpoint.connect(RECORDERS))
}

describe('WebSocketClientEndpoint: the request', () => {
  test('has a fresh key for each attempt, and the headers of the options', async () => {
    const server = await ScriptedServer.listening(accepting, 8080)
    let token = 0
    const options = {
      subprotocols: ['chat'],
      headers: () => Promise.resolve({ Authorization: `Bearer ${++token}`, Cookie: ['a=1', 'b=2'] }),
    }
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://u:p@example.org:8080/a?b', options)
    for (let at = 0; at < 2; at++) await server.outcome(endpoint.connect(RECORDERS))
    const [first = '', second = ''] = server.requests
    expect(first.split('\r\n').filter((line) => !line.startsWith('Sec-WebSocket-Key'))).toEqual([
      'GET /a?b HTTP/1.1',
      'Host: example.org:8080',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: chat',
      'Authorization: Bearer 1',
      'Cookie: a=1',
      'Cookie: b=2',
      '',
      '',
    ])
    expect(second).toContain('Authorization: Bearer 2\r\n')
    const [one, two] = [first, second].map((text) => /Sec-WebSocket-Key: ([\w+/]{22}==)\r/.exec(text)?.[1])
    expect(one).toBeDefined()
    expect(one).not.toBe(two)
  })

  test('has the credentials of the URL, unless the options have others', async () => {
    const server = await ScriptedServer.listening(accepting)
    await connect(server, {}, 'ws://Aladdin:open%20sesame@h/')
    await connect(server, { headers: { authorization: 'Bearer x' } }, 'ws://Aladdin:open%20sesame@h/')
    const sent = server.requests.map((request) => request.match(/^authorization: .*$/gim))
    expect(sent).toEqual([['Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='], ['authorization: Bearer x']])
  })

  test('takes headers as pairs, and those of the web', async () => {
    const server = await ScriptedServer.listening(accepting)
    const own = new Headers()
    own.addRawHeader('X-A', '1')
    for (const headers of [
      own,
      [['X-A', '1']] as const,
      new Map([['X-A', '1']]),
      new globalThis.Headers({ 'X-A': '1' }),
    ])
      await connect(server, { headers })
    expect(server.requests.map((request) => /^x-a: 1\r$/im.test(request))).toEqual([true, true, true, true])
  })

  test.each([
    [{ 'X-A': 'a\r\nX-B: b' }, 'Cannot send header X-A'],
    [{ 'X-A': 'a\nb' }, 'Cannot send header X-A'],
    [{ 'X-A': 'a\0b' }, 'Cannot send header X-A'],
    [{ 'X-A': 'Ā' }, 'above U+00FF'],
    [{ 'X A': 'a' }, 'a name is a token'],
    [{ 'X-A\r\n': 'a' }, 'a name is a token'],
    [{ '': 'a' }, 'a name is a token'],
    [{ Host: 'h' }, 'Cannot take the header Host for WebSocketClientEndpoint, which sets it itself'],
    [{ 'sec-websocket-KEY': 'x' }, 'which sets it itself'],
    [{ 'Sec-WebSocket-Protocol': 'x' }, 'which sets it itself'],
    [{ upgrade: 'h2c' }, 'which sets it itself'],
    [{ 'Content-Length': '1' }, 'which sets it itself'],
    [{ 'X-A': 1 }, 'give a string'],
    [{ 'X-A': undefined }, 'give a string'],
    [[['a', 'b', 'c']], 'give pairs'],
    [['ab'], 'give pairs'],
  ])('is never sent with headers %j', async (headers, message) => {
    const server = await ScriptedServer.listening(accepting)
    const given = headers as unknown as Record<string, string>
    expect(() => new WebSocketClientEndpoint(server.reactor, 'ws://h/', { headers: given })).toThrow(message)
    const { error } = await connect(server, { headers: () => given })
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain(message)
    expect(server.requests).toEqual([])
  })

  test('is not sent when the function of headers fails', async () => {
    const server = await ScriptedServer.listening(accepting)
    const fault = new Error('no token')
    const failing = [
      () => Promise.reject(fault),
      () => {
        throw fault
      },
    ]
    for (const headers of failing) expect(await connect(server, { headers })).toEqual({ error: fault })
    expect(server.requests).toEqual([])
  })
})

describe('WebSocketClientEndpoint: the response', () => {
  test('opens the WebSocket, and loses no frame that comes with the 101, in every chunking', async () => {
    const frames = Buffer.concat([
      serverFrame(1, 'one'),
      serverFrame(1, 'two'),
      serverFrame(8, closing(1000)),
    ])
    const length = opened('').length
    const count = Array.from(chunkings(Buffer.alloc(length + frames.length))).length
    for (let at = 0; at < count; at++) {
      const server = await ScriptedServer.listening((request) => {
        const all = Buffer.concat([Buffer.from(opened(request)), frames])
        return Array.from(chunkings(all))[at] ?? []
      })
      const { value } = await connect(server)
      expect(value?.events.slice(0, 4)).toEqual(['started', 'finished', 'one', 'two'])
      server.connections[0]?.transport.loseConnection()
      await server.settle()
      expect(value?.events.slice(4)).toEqual(['lost 1000'])
    }
  })

  test('may have interim responses before it', async () => {
    const server = await ScriptedServer.listening((request) => [
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${opened(request)}`,
    ])
    expect((await connect(server)).value?.events).toEqual(['started', 'finished'])
    server.script = (request) => ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(17) + opened(request)]
    expect((await connect(server)).error).toMatchObject({ violation: 'malformed-response' })
  })

  test.each([
    [{ Upgrade: undefined }, 'upgrade'],
    [{ Connection: undefined }, 'connection'],
    [{ 'Sec-WebSocket-Accept': 'x' }, 'accept'],
    [{ 'Sec-WebSocket-Protocol': 'x' }, 'subprotocol'],
    [{ 'Sec-WebSocket-Extensions': 'x' }, 'extensions'],
  ])('is refused with %j', async (fields, violation) => {
    const server = await ScriptedServer.listening((request) => [opened(request, fields)])
    const { error } = await connect(server)
    expect(error).toBeInstanceOf(WebSocketHandshakeError)
    expect(error).toMatchObject({ violation })
    expect(server.connections[0]?.connected).toBe(false)
  })

  test.each([
    [
      (request: string) => opened(request).replace('HTTP/1.1', 'HTTP/1.0'),
      'http-version',
      'HTTP/1.0, which has no upgrade',
    ],
    [() => 'SSH-2.0-OpenSSH\r\n', 'malformed-response', 'Cannot read status line'],
    [
      () => `HTTP/1.1 101 S\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`,
      'malformed-response',
      'more than 16384 bytes',
    ],
    [
      () => `HTTP/1.1 101 S\r\n${'A: 1\r\n'.repeat(101)}\r\n`,
      'malformed-response',
      'more than 100 field lines',
    ],
  ])('is refused when it is not a handshake: %s', async (script, violation, message) => {
    const server = await ScriptedServer.listening((request) => [script(request)])
    const { error } = await connect(server)
    expect(error).toBeInstanceOf(WebSocketHandshakeError)
    expect(error).toMatchObject({ violation, message: expect.stringMatching(/^Cannot connect to h:80: /) })
    expect(String(error)).toContain(message)
    expect(server.connections[0]?.connected).toBe(false)
  })

  test('is awaited no longer than handshakeTimeoutMs, however slowly it comes', async () => {
    const server = await ScriptedServer.listening(() => ['HTTP/1.1 101 '])
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://h/')
    let error: unknown
    endpoint.connect(RECORDERS).catch((why: unknown) => (error = why))
    await server.settle()
    for (let second = 0; second < 9; second++) {
      server.connections[0]?.transport.write('x')
      server.reactor.advance(1000)
      await server.settle()
    }
    expect(error).toBeUndefined()
    server.reactor.advance(1100)
    await server.settle()
    expect(error).toBeInstanceOf(TimeoutError)
    expect(String(error)).toContain('the server did not respond within 10000 ms')
    expect(server.connections[0]?.connected).toBe(false)
  })

  test('is missed when the connection ends before', async () => {
    const server = await ScriptedServer.listening(() => ['HTTP/1.1 101 S\r\n'])
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://h/')
    const connecting = endpoint.connect(RECORDERS)
    connecting.catch(() => undefined)
    await server.settle()
    server.connections[0]?.transport.loseConnection()
    const { error } = await server.outcome(connecting)
    expect(error).toMatchObject({ violation: 'malformed-response' })
    expect(String(error)).toContain('the connection ended before the response')
  })

  test('is missed when no program listens', async () => {
    const server = await ScriptedServer.listening(accepting, 81)
    expect((await connect(server)).error).toBeInstanceOf(ConnectionRefusedError)
  })
})

describe('ConnectionRejected', () => {
  const chunked = 'HTTP/1.1 403 Go away\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsor\r\n2\r\nry\r\n0\r\n\r\n'
  const length = 'HTTP/1.1 403 Go away\r\nX-Why: x\r\nContent-Length: 5\r\n\r\nsorry'

  test.each([chunked, length])(
    'has the status, headers and body of a response in any chunking: %j',
    async (text) => {
      for (const pieces of chunkings(text)) {
        const server = await ScriptedServer.listening(() => pieces)
        const { error } = await connect(server)
        expect(error).toBeInstanceOf(ConnectionRejected)
        expect(error).toMatchObject({
          message: 'Cannot connect to h:80: the server responded with 403 Go away',
          status: 403,
          body: Buffer.from('sorry'),
          bodyComplete: true,
        })
      }
    },
  )

  test('has the headers of the response', async () => {
    const server = await ScriptedServer.listening(() => [length])
    const { error } = await connect(server)
    expect((error as ConnectionRejected).headers.getRawHeaders('x-why')).toEqual(['x'])
  })

  test.each([
    ['a text', 'text/plain; charset=utf-8', 'The token has expired', ': The token has expired'],
    ['JSON', 'application/json', '{"error":"expired"}', ': {"error":"expired"}'],
    ['a problem in JSON', 'application/problem+json', '{"title":"Expired"}', ': {"title":"Expired"}'],
    ['text that ws sends as HTML', 'text/html', 'Expired', ': Expired'],
    ['the first of several lines', 'text/plain', '\r\n One\r\nTwo\n', ': One'],
    ['a line of 100 characters', 'text/plain', '😀'.repeat(100), `: ${'😀'.repeat(100)}`],
    ['100 characters of a longer line', 'text/plain', '😀'.repeat(101), `: ${'😀'.repeat(100)}`],
    ['control characters', 'text/plain', 'a\u001b[31m\u0000b\u202ec\u0085', ': a�[31m�b�c�'],
    ['1 KiB', 'text/plain', 'x'.repeat(1024), `: ${'x'.repeat(100)}`],
    ['more than 1 KiB', 'text/plain', 'x'.repeat(1025), ''],
    ['the reason phrase again', 'text/plain', 'Go away', ''],
    ['markup', 'text/html', '<!doctype html><h1>No</h1>', ''],
    ['another type', 'image/png', 'x', ''],
    ['a type that begins like JSON', 'application/jsonx', 'x', ''],
    ['no type', undefined, 'x', ''],
    ['only white space', 'text/plain', ' \n ', ''],
  ])('has in its message the first line of a short text: %s', async (_, type, body, shown) => {
    const field = type === undefined ? '' : `Content-Type: ${type}\r\n`
    const bytes = Buffer.byteLength(body)
    const server = await ScriptedServer.listening(() => [
      Buffer.from(`HTTP/1.1 403 Go away\r\n${field}Content-Length: ${bytes}\r\n\r\n${body}`),
    ])
    const { error } = await connect(server)
    expect((error as Error).message).toBe(
      `Cannot connect to h:80: the server responded with 403 Go away${shown}`,
    )
  })

  test('has in its message neither a text that is coded nor one that did not arrive completely', async () => {
    for (const rest of [
      'Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nsorry',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nsorry\r\nzz\r\n',
    ]) {
      const server = await ScriptedServer.listening(() => [
        `HTTP/1.1 403 Go away\r\nContent-Type: text/plain\r\n${rest}`,
      ])
      expect(((await connect(server)).error as Error).message).toMatch(/403 Go away$/)
    }
  })

  test('has at most 64 KiB of the body', async () => {
    for (const [bytes, complete] of [
      [65_536, true],
      [65_537, false],
    ] as const) {
      const server = await ScriptedServer.listening(() => [
        `HTTP/1.1 500 \r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`,
      ])
      const { error } = await connect(server)
      expect(error).toMatchObject({ status: 500, bodyComplete: complete })
      expect((error as ConnectionRejected).body.length).toBe(65_536)
      expect(server.connections[0]?.connected).toBe(false)
    }
  })

  test.each([
    ['HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nsorry', 'does not come whole', false],
    ['HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsorry\r\n0\r\n', 'has no end', false],
    ['HTTP/1.1 403 No\r\n\r\nsorry', 'ends with the connection', true],
    ['HTTP/1.0 403 No\r\n\r\nsorry', 'is of HTTP/1.0', true],
  ])('has the status although the body of %j %s', async (text, _, bodyComplete) => {
    const server = await ScriptedServer.listening(() => [text])
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://h/')
    const connecting = endpoint.connect(RECORDERS)
    connecting.catch(() => undefined)
    expect(await server.outcome(connecting)).toEqual({ pending: true })
    server.connections[0]?.transport.loseConnection()
    const { error } = await server.outcome(connecting)
    expect(error).toMatchObject({ status: 403, body: Buffer.from('sorry'), bodyComplete })
  })

  test('has the status when the body is malformed, or stops', async () => {
    const server = await ScriptedServer.listening(() => [
      'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsorry\r\nzz\r\n',
    ])
    expect((await connect(server)).error).toMatchObject({ status: 403, body: Buffer.from('sorry') })
    server.script = () => ['HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nsorry']
    const connecting = new WebSocketClientEndpoint(server.reactor, 'ws://h/').connect(RECORDERS)
    connecting.catch(() => undefined)
    await server.settle()
    server.reactor.advance(10_100)
    const { error } = await server.outcome(connecting)
    expect(error).toMatchObject({ status: 403, body: Buffer.from('sorry'), bodyComplete: false })
  })

  test('is what Upgrade Required and success are, too', async () => {
    for (const status of [200, 204, 304, 426, 599]) {
      const server = await ScriptedServer.listening(() => [
        `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`,
      ])
      expect((await connect(server)).error).toMatchObject({ name: 'ConnectionRejected', status })
    }
  })
})

describe('WebSocketClientEndpoint: redirects', () => {
  const to = (location: string, status = 302): string =>
    `HTTP/1.1 ${status} Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`
  const SECRETS = { Authorization: 'Bearer x', Cookie: 'a=1', 'X-Other': '1' }

  test('are not followed by default', async () => {
    const server = await ScriptedServer.listening(() => [to('/b')])
    expect((await connect(server)).error).toMatchObject({ status: 302 })
    expect(server.requests.length).toBe(1)
  })

  test('are followed up to maxRedirects, on a connection of their own', async () => {
    const server = await ScriptedServer.listening((request) =>
      request.startsWith('GET /3 ') ? [opened(request)] : [to(`/${Number(request.charAt(5)) + 1}`)],
    )
    expect((await connect(server, { maxRedirects: 3 }, 'ws://h/0')).value?.events).toEqual([
      'started',
      'finished',
    ])
    expect(server.requests.map((request) => request.split(' ')[1])).toEqual(['/0', '/1', '/2', '/3'])
    expect((await connect(server, { maxRedirects: 2 }, 'ws://h/0')).error).toMatchObject({ status: 302 })
  })

  test('keep the credentials within the origin', async () => {
    const server = await ScriptedServer.listening((request) =>
      request.startsWith('GET /b ') ? [opened(request)] : [to('http://h:80/b', 307)],
    )
    await connect(server, { maxRedirects: 1, headers: SECRETS })
    expect(server.requests[1]).toMatch(/Authorization: Bearer x\r\nCookie: a=1\r\nX-Other: 1\r\n/)
    await connect(server, { maxRedirects: 1 }, 'ws://u:p@h/')
    expect(server.requests[3]).toContain(`Authorization: Basic ${btoa('u:p')}\r\n`)
  })

  test.each(['ws://other/b', 'ws://h:81/b', '//other/b'])('to %s drop the credentials', async (location) => {
    const server = await ScriptedServer.listening((request) =>
      request.startsWith('GET /b ') ? [opened(request)] : [to(location)],
    )
    await server.reactor.listenTCP(81, server)
    for (const url of ['ws://u:p@h/', 'ws://h/'])
      expect((await connect(server, { maxRedirects: 1, headers: SECRETS }, url)).value).toBeDefined()
    for (const request of [server.requests[1], server.requests[3]]) {
      expect(request).toContain('X-Other: 1\r\n')
      expect(request).not.toMatch(/^(?:authorization|cookie)/im)
    }
  })

  test('do not get the credentials back by a way around', async () => {
    const server = await ScriptedServer.listening((request) => {
      if (request.startsWith('GET /c ')) return [opened(request)]
      return [request.includes('Host: other') ? to('ws://h/c') : to('ws://other/b')]
    })
    await connect(server, { maxRedirects: 2, headers: SECRETS }, 'ws://u:p@h/')
    expect(server.requests.length).toBe(3)
    expect(server.requests[2]).not.toMatch(/^(?:authorization|cookie)/im)
  })

  test('to something else than a WebSocket are refused', async () => {
    const server = await ScriptedServer.listening(() => [to('ftp://h/b')])
    const { error } = await connect(server, { maxRedirects: 1 })
    expect(error).toMatchObject({ name: 'WebSocketHandshakeError', violation: 'redirect' })
    server.script = () => ['HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n']
    expect((await connect(server, { maxRedirects: 1 })).error).toMatchObject({ status: 302 })
    server.script = () => ['HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n']
    expect((await connect(server, { maxRedirects: 1 })).error).toMatchObject({ status: 302 })
  })

  test('away from a fixed endpoint are refused; a function of the URL follows', async () => {
    const server = await ScriptedServer.listening(
      (request) => [request.startsWith('GET /b ') ? opened(request) : to('ws://other/b')],
      '/run/a.sock',
    )
    const socket = new UNIXClientEndpoint(server.reactor, '/run/a.sock')
    expect((await connect(server, { endpoint: socket, maxRedirects: 1 })).error).toMatchObject({
      violation: 'redirect',
      message: expect.stringContaining('give a function of the URL'),
    })
    const urls: string[] = []
    const endpoint = (url: URL): UNIXClientEndpoint => {
      urls.push(url.href)
      return socket
    }
    expect((await connect(server, { endpoint, maxRedirects: 1 }, 'ws://u:p@h/')).value).toBeDefined()
    expect(urls).toEqual(['ws://h/', 'ws://other/b'])
  })
})

describe('WebSocketClientEndpoint: endpoints', () => {
  test('connects to UNIX sockets', async () => {
    const server = await ScriptedServer.listening(accepting, '/run/a.sock')
    expect((await connect(server, {}, 'ws+unix:/run/a.sock:/chat?x')).value).toBeDefined()
    expect(server.requests[0]).toMatch(/^GET \/chat\?x HTTP\/1\.1\r\nHost: localhost\r\n/)
  })

  test('connects through a proxy, which sees neither the path nor credentials', async () => {
    const server = await ScriptedServer.listening((request) =>
      request.startsWith('CONNECT ') ? ['HTTP/1.1 200 Connected\r\n\r\n'] : accepting(request),
    )
    const proxy = new TCPClientEndpoint(server.reactor, 'proxy', 80)
    const endpoint = ({ hostname }: URL): HTTPConnectEndpoint => new HTTPConnectEndpoint(proxy, hostname, 80)
    const options = { endpoint, headers: { Cookie: 'a=1' } }
    const { value } = await connect(server, options, 'ws://u:p@far.example/chat')
    server.connections[0]?.transport.write(serverFrame(1, 'hi'))
    await server.settle()
    expect(value?.events).toEqual(['started', 'finished', 'hi'])
    expect(server.requests).toEqual([
      'CONNECT far.example:80 HTTP/1.1\r\nHost: far.example:80\r\n\r\n',
      expect.stringMatching(/^GET \/chat HTTP\/1\.1\r\nHost: far\.example\r\n/),
    ])
  })

  test('speaks with a WebSocketResource, with a fresh mask for each frame', async () => {
    const server = new ScriptedServer(accepting)
    const { reactor } = server
    class Echo extends WebSocketProtocol {
      override textMessageReceived(text: string): void {
        this.transport.sendTextMessage(text)
      }
    }
    await reactor.listenTCP(80, new Site(WebSocketResource.forProtocol(Echo)))
    const { value } = await connect(server)
    value?.transport.sendTextMessage('hello')
    await server.settle()
    expect(value?.events).toEqual(['started', 'finished', 'hello'])
    value?.transport.loseConnection(1000)
    await server.settle()
    expect(value?.events.at(-1)).toBe('lost 1000')
    await reactor.listenTCP(81, server)
    const other = await connect(server, {}, 'ws://h:81/')
    for (let at = 0; at < 50; at++) other.value?.transport.sendTextMessage('same')
    await server.settle()
    const masks = Array.from({ length: 50 }, (_, at) =>
      server.received.toString('hex', at * 10 + 2, at * 10 + 6),
    )
    expect(server.received.length).toBe(500)
    expect(new Set(masks).size).toBe(50)
  })
})

describe('WebSocketClientFactory', () => {
  class Building extends WebSocketClientFactory<Recorder> {
    readonly calls: unknown[] = []
    readonly #build: () => unknown
    constructor(build: () => unknown) {
      super()
      this.#build = build
    }
    override buildProtocol(response: OpeningResponse, agreement: Agreement): Recorder {
      this.calls.push([response.status, response.headers.get('X-A'), agreement.subprotocol])
      return this.#build() as Recorder
    }
    override doStart(): void {
      this.calls.push('start')
    }
    override doStop(): void {
      this.calls.push('stop')
    }
  }
  const agreeing: Script = (request) => [
    Buffer.concat([
      Buffer.from(opened(request, { 'X-A': '1', 'Sec-WebSocket-Protocol': 'chat' })),
      serverFrame(1, 'hi'),
    ]),
  ]
  const open = (server: ScriptedServer, factory: WebSocketClientFactory<Recorder>, signal?: AbortSignal) =>
    new WebSocketClientEndpoint(server.reactor, 'ws://h/', { subprotocols: ['chat'] }).connect(factory, {
      signal,
    })

  test('builds when the response has arrived, with what it agrees on', async () => {
    const server = await ScriptedServer.listening(agreeing)
    const factory = new Building(() => new Recorder())
    const { value } = await server.outcome(open(server, factory))
    expect(factory.calls).toEqual(['start', [101, '1', 'chat']])
    expect(value?.transport.subprotocol).toBe('chat')
    expect(value?.transport.response.headers.get('X-A')).toBe('1')
    value?.transport.abortConnection()
    await server.settle()
    expect(factory.calls.at(-1)).toBe('stop')
  })

  test('may return a promise: messages wait for it', async () => {
    const server = await ScriptedServer.listening(agreeing)
    let build: (protocol: Recorder) => void = () => undefined
    const opening = open(server, new Building(() => new Promise((resolve) => (build = resolve))))
    expect(await server.outcome(opening)).toEqual({ pending: true })
    // Also when the server leaves meanwhile: its messages were sent to an open WebSocket.
    server.connections[0]?.transport.loseConnection()
    await server.settle()
    const recorder = new Recorder()
    build(recorder)
    expect((await server.outcome(opening)).value).toBe(recorder)
    expect(recorder.events).toEqual(['started', 'finished', 'hi', 'lost 1006'])
  })

  test('refuses with undefined or null', async () => {
    for (const built of [undefined, null, Promise.resolve(undefined)]) {
      const server = await ScriptedServer.listening(agreeing)
      const { error } = await server.outcome(open(server, new Building(() => built)))
      expect(error).toBeInstanceOf(NoProtocol)
      expect(String(error)).toContain('its factory refused the connection')
      expect(server.connections[0]?.connected).toBe(false)
    }
  })

  test('closes the connection when it fails, or returns something else', async () => {
    const fault = new Error('fault')
    const failing: [() => unknown, string][] = [
      [
        () => {
          throw fault
        },
        'fault',
      ],
      [() => Promise.reject(fault), 'fault'],
      [() => ({}), 'must return a WebSocketProtocol'],
      [() => Recorder, 'must return a WebSocketProtocol'],
    ]
    for (const [build, message] of failing) {
      const server = await ScriptedServer.listening(agreeing)
      const { error } = await server.outcome(open(server, new Building(build)))
      expect(error).toBeInstanceOf(NoProtocol)
      expect(String((error as NoProtocol).cause)).toContain(message)
      expect(server.reactor.flushLoggedErrors().map(String)).toEqual([expect.stringContaining(message)])
      expect(server.connections[0]?.connected).toBe(false)
    }
  })

  test('notifies a protocol that is built for a connection that has ended', async () => {
    const server = await ScriptedServer.listening(agreeing)
    let build: (protocol: Recorder) => void = () => undefined
    const opening = open(server, new Building(() => new Promise((resolve) => (build = resolve))))
    opening.catch(() => undefined)
    await server.settle()
    server.connections[0]?.transport.abortConnection()
    // `connect` does not wait for the factory.
    expect((await server.outcome(opening)).error).toBeInstanceOf(NoProtocol)
    const recorder = new Recorder()
    build(recorder)
    await server.settle()
    expect(recorder.events).toEqual(['started', 'lost 1006'])
    expect(recorder.transport.sendTextMessage('x')).toBe('dropped')
  })

  test('refuses what is not a protocol class or a factory', async () => {
    expect(() => WebSocketClientFactory.forProtocol(Object as never)).toThrow('extends WebSocketProtocol')
    const server = await ScriptedServer.listening(agreeing)
    const { error } = await server.outcome(open(server, Recorder as never))
    expect(String(error)).toContain('WebSocketClientFactory.forProtocol')
  })
})

describe('WebSocketClientEndpoint: cancelling', () => {
  test('rejects with ConnectingCancelledError at every point', async () => {
    const server = await ScriptedServer.listening(() => [])
    const slow = () => new Promise<Record<string, string>>(() => undefined)
    for (const [headers, settled] of [
      [slow, true],
      [{}, false],
      [{}, true],
    ] as const) {
      const stop = new AbortController()
      const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://h/', { headers })
      const connecting = endpoint.connect(RECORDERS, { signal: stop.signal })
      connecting.catch(() => undefined)
      if (settled) await server.settle()
      stop.abort()
      const { error } = await server.outcome(connecting)
      expect((error as ConnectingCancelledError).name).toBe('ConnectingCancelledError')
    }
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://h/')
    const { error } = await server.outcome(endpoint.connect(RECORDERS, { signal: AbortSignal.abort() }))
    expect((error as ConnectingCancelledError).name).toBe('ConnectingCancelledError')
    expect(server.connections.some(({ connected }) => connected)).toBe(false)
  })

  test('has no effect on an open WebSocket', async () => {
    const server = await ScriptedServer.listening(accepting)
    const stop = new AbortController()
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://h/')
    const { value } = await server.outcome(endpoint.connect(RECORDERS, { signal: stop.signal }))
    stop.abort()
    await server.settle()
    expect(value?.transport.open).toBe(true)
  })
})

describe('WebSocketClientEndpoint with ClientService', () => {
  test('reconnects with fresh headers, and closes with a close frame when stopped', async () => {
    const server = await ScriptedServer.listening(accepting)
    const { reactor } = server
    let attempts = 0
    const endpoint = new WebSocketClientEndpoint(reactor, 'ws://h/', {
      headers: () => ({ Authorization: `Bearer ${++attempts}` }),
    })
    const service = new ClientService(endpoint, RECORDERS, { reactor, retryPolicy: () => 1000 })
    await service.startService()
    await server.settle()
    const first: Recorder = await service.whenConnected()
    server.connections[0]?.transport.abortConnection()
    await server.settle()
    expect(first.events.at(-1)).toBe('lost 1006')
    server.script = () => ['HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n']
    reactor.advance(1000)
    await server.settle()
    server.script = accepting
    reactor.advance(1000)
    await server.settle()
    const second = await service.whenConnected()
    expect(second).not.toBe(first)
    expect(server.requests.map((request) => /Bearer \d/.exec(request)?.[0])).toEqual([
      'Bearer 1',
      'Bearer 2',
      'Bearer 3',
    ])
    server.received = Buffer.alloc(0)
    const stopped = service.stopService()
    await server.settle()
    expect(server.received[0]).toBe(0x88)
    server.connections[2]?.transport.write(serverFrame(8, closing(1000)))
    server.connections[2]?.transport.loseConnection()
    expect(await server.outcome(stopped)).toEqual({ value: undefined })
    expect(second.events.at(-1)).toBe('lost 1000')
  })
})
