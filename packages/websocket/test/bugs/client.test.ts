import { constants, deflateRawSync } from 'node:zlib'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import {
  ConnectionRejected,
  WebSocketClientEndpoint,
  WebSocketClientFactory,
  WebSocketHandshakeError,
} from '../../src/index.ts'
import { redirectFrom } from '../../src/client/redirect.ts'
import { webSocketTarget } from '../../src/client/websocket-url.ts'
import { opened, type Script, ScriptedServer } from '../client/scripted-server.ts'
import { Recorder } from './parties.ts'

const factory = WebSocketClientFactory.forProtocol(Recorder)

/** What becomes of a connection to a server that responds so. */
async function connected(
  script: Script,
  options: ConstructorParameters<typeof WebSocketClientEndpoint>[2] = {},
): Promise<string> {
  const server = await ScriptedServer.listening(script)
  const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://example.test/', options)
  const { value, error } = await server.outcome(endpoint.connect(factory))
  if (value !== undefined) return 'open'
  if (error instanceof WebSocketHandshakeError) return error.violation
  return error instanceof ConnectionRejected ? String(error.status) : String(error)
}

describe('bugs of other libraries: clients', () => {
  test('undici: a response with Connection: keep-alive, Upgrade is refused', async () => {
    expect(await connected((request) => [opened(request, { Connection: 'keep-alive, upgrade' })])).toBe(
      'open',
    )
  })

  test('ws: a 101 of HTTP/1.0 is accepted', async () => {
    expect(await connected((request) => [opened(request).replace('HTTP/1.1', 'HTTP/1.0')])).toBe(
      'http-version',
    )
  })

  test.each([100, 102, 103])(
    'websockets, undici: a response %i before the 101 ends the client',
    async (status) => {
      const interim = `HTTP/1.1 ${status} Interim\r\nLink: </a>\r\n\r\n`
      expect(await connected((request) => [interim + opened(request)])).toBe('open')
      expect(await connected((request) => [interim, interim, opened(request)])).toBe('open')
    },
  )

  test('interim responses without end keep a client for ever', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n'
    expect(await connected(() => Array.from({ length: 200 }, () => interim.repeat(20)))).toBe(
      'malformed-response',
    )
  })

  test.each([
    ['undici, ws: compression that was not offered is accepted', 'permessage-deflate'],
    ['an unknown extension is accepted', 'x-unknown'],
  ])('%s', async (_, extension) => {
    expect(await connected((request) => [opened(request, { 'Sec-WebSocket-Extensions': extension })])).toBe(
      'extensions',
    )
  })

  test.each([
    ['CVE-2026-2229 of undici: a window out of range throws within zlib', 'server_max_window_bits=16'],
    ['CVE-2026-2229 of undici: a window out of range throws within zlib', 'server_max_window_bits=7'],
    ['undici: an unknown parameter is accepted', 'unknown'],
    ['undici: a parameter without its value is accepted', 'server_max_window_bits'],
    ['undici: a parameter without its value is accepted', 'client_max_window_bits'],
    ['undici: a value for a parameter that has none is accepted', 'server_no_context_takeover=1'],
    ['undici: a repeated parameter is accepted', 'server_no_context_takeover; server_no_context_takeover'],
    ['ws: compression is accepted twice', 'server_no_context_takeover, permessage-deflate'],
    ['an extension beside it is accepted', 'server_no_context_takeover, x-other'],
    ['undici: a window out of range is accepted', 'client_max_window_bits=16'],
  ])('%s: %s', async (_, parameters) => {
    const response = { 'Sec-WebSocket-Extensions': `permessage-deflate; ${parameters}` }
    expect(await connected((request) => [opened(request, response)], { deflate: true })).toBe('extensions')
  })

  test('undici: what the client asked for is not required of the server', async () => {
    const script: Script = (request) => [
      opened(request, { 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
    ]
    for (const deflate of [{ serverContextTakeover: false }, { serverMaxWindowBits: 10 }]) {
      expect(await connected(script, { deflate })).toBe('extensions')
    }
    expect(await connected(script, { deflate: true })).toBe('open')
  })

  test('CVE-2026-1526 of undici: a deflate bomb of a server is inflated', async () => {
    const bomb = deflateRawSync(Buffer.alloc(16 << 20), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
      0,
      -4,
    )
    const header = Buffer.from([0xc2, 126, bomb.length >> 8, bomb.length & 0xff])
    const server = await ScriptedServer.listening((request) => [
      opened(request, { 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
      Buffer.concat([header, bomb]),
    ])
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://example.test/', { deflate: true })
    const { value } = await server.outcome(endpoint.connect(factory))
    await server.settle()
    expect(value?.messages).toEqual([])
    // A masked close frame with 1009.
    expect(server.received[0]).toBe(0x88)
    expect(server.received.readUInt16BE(6) ^ server.received.readUInt16BE(2)).toBe(1009)
  })

  test.each(['\r\nX: y', '\n', '\r', '\0'])(
    'CVE-2026-1527 of undici: %j in what a program gives splits the request',
    async (evil) => {
      const reactor = new MemoryReactor()
      const make = (url: string, options: object) => (): unknown =>
        new WebSocketClientEndpoint(reactor, url, options)
      expect(make('ws://h/', { headers: { 'X-A': `a${evil}` } })).toThrow(/Cannot/)
      expect(make('ws://h/', { headers: { [`X-A${evil}`]: 'a' } })).toThrow(/Cannot/)
      expect(make('ws://h/', { subprotocols: [`a${evil}`] })).toThrow(/Cannot/)
      // A URL removes line ends, or refuses them.
      const server = await ScriptedServer.listening((request) => [opened(request)])
      const endpoint = new WebSocketClientEndpoint(server.reactor, `ws://h/a${evil}b`)
      await server.outcome(endpoint.connect(factory))
      expect(server.requests[0]?.split('\r\n').length).toBe(8)
    },
  )

  test.each([
    ['another host', 'ws://other.test/', false],
    ['another port', 'ws://example.test:81/', false],
    ['the same place', 'ws://example.test/again', true],
  ])('ws 7.5.7: Authorization and Cookie are sent to %s after a redirect', async (_, location, kept) => {
    const script: Script = (request) =>
      server.requests.length === 1
        ? [`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`]
        : [opened(request)]
    const server = await ScriptedServer.listening(script)
    await server.reactor.listenTCP(81, server)
    const endpoint = new WebSocketClientEndpoint(server.reactor, 'ws://user:password@example.test/', {
      maxRedirects: 1,
      headers: { Cookie: 'a=b', 'X-Other': 'c' },
    })
    await server.outcome(endpoint.connect(factory))
    const [first = '', second = ''] = server.requests
    expect(first).toMatch(/Authorization: Basic/)
    expect(/^Authorization:/m.test(second)).toBe(kept)
    expect(/^Cookie:/m.test(second)).toBe(kept)
    expect(second).toMatch(/^X-Other: c/m)
  })

  test('ws 8.8.1: a redirect from TLS to a connection without TLS is followed', () => {
    const from = webSocketTarget('wss://user:password@example.test/')
    for (const location of ['ws://example.test/', 'http://example.test/', 'ws://other.test/']) {
      expect(() => redirectFrom(from, location)).toThrow('it leaves TLS')
    }
    expect(redirectFrom(from, '/again').sameOrigin).toBe(true)
  })

  test('redirects are followed without end, and without being asked for', async () => {
    const loop: Script = () => ['HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n']
    expect(await connected(loop)).toBe('302')
    expect(await connected(loop, { maxRedirects: 3 })).toBe('302')
  })
})
