import { readFileSync } from 'node:fs'
import { Resource } from '@ropewalk/http'
import { guard, passwordCheck } from '@ropewalk/http/resources'
import { describe, expect, test } from 'vitest'
import { WebSocketResource, WebSocketServerFactory } from '../../src/index.ts'
import { frame, handshake, SiteExchange } from '../websocket-exchange.ts'
import { OpenClient, Recorder, resourceOf, respond } from './parties.ts'

/** A request after a refused handshake. */
const NEXT = 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n'

describe('bugs of other libraries: the opening handshake', () => {
  test('CVE-2024-37890 of ws: more header fields than the limit crash the server', async () => {
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`X${at}`, '']))
    expect((await respond(many)).status).toBe(431)
  })

  test.each([
    [
      'CVE-2021-32640 of ws: blanks in Sec-WebSocket-Protocol take quadratic time',
      'Sec-WebSocket-Protocol',
      `a${' '.repeat(15_000)}b`,
    ],
    [
      'CVE-2020-7662 of websocket-extensions: an unclosed quotation takes exponential time',
      'Sec-WebSocket-Extensions',
      `a; b="${'\\"'.repeat(7_000)}`,
    ],
  ])('%s', async (_, name, value) => {
    const start = performance.now()
    expect((await respond({ [name]: value })).status).toBe(400)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  test.each(['constructor', '__proto__', 'toString', 'a; constructor', 'a; __proto__=1'])(
    'ws before 3.3.1: the extension "%s" crashes the server',
    async (extension) => {
      const { status, head } = await respond({ 'Sec-WebSocket-Extensions': extension })
      expect(status).toBe(101)
      expect(head).not.toContain('Sec-WebSocket-Extensions')
    },
  )

  test('CVE-2023-43669 of tungstenite: a head that arrives byte by byte is parsed again for each', async () => {
    const exchange = new SiteExchange(resourceOf(new Recorder()))
    const head = handshake({ 'X-Long': 'x'.repeat(15_000) })
    const start = performance.now()
    for (const byte of Buffer.from(head)) exchange.transport.receive(Uint8Array.of(byte))
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 101 /)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  test.each([['é'], ['\u00ff\u00fe'], ['chat, \u0080']])(
    'CVE-2026-42544 of Granian: a subprotocol with the bytes %j crashes the server',
    async (value) => {
      expect((await respond({ 'Sec-WebSocket-Protocol': value })).status).toBe(400)
    },
  )

  test.each([
    '',
    'null',
    '://',
    'http://',
    'http://[',
    'http://a b',
    'http://h:99999',
    '%',
    'http://h@x',
    'x'.repeat(9_000),
  ])('CVE-2026-14631 of webpack-dev-server: the malformed Origin %j crashes the server', async (origin) => {
    expect((await respond({ Origin: origin })).status).toBe(403)
  })

  test('CVE-2026-27977 of Next.js: the Origin null passes the check', async () => {
    expect((await respond({ Origin: 'null' })).status).toBe(403)
    const listed = resourceOf(new Recorder(), { origins: ['https://example.org'] })
    expect((await respond({ Origin: 'null' }, undefined, listed)).status).toBe(403)
  })

  test('autobahn 691: the origins that are accepted are matched by their end', async () => {
    const resource = (): WebSocketResource => resourceOf(new Recorder(), { origins: ['http://good.com'] })
    for (const origin of [
      'http://evil-good.com',
      'http://good.com.evil',
      'http://good.com:81',
      'https://good.com',
      'http://sub.good.com',
      'http://good.com.',
      'HTTP://GOOD.COM',
      'http://good.com/',
      'http://good.com http://evil.com',
    ]) {
      expect((await respond({ Origin: origin }, undefined, resource())).status).toBe(403)
    }
    expect((await respond({ Origin: 'http://good.com' }, undefined, resource())).status).toBe(101)
  })

  test('CVE-2026-44578 of Next.js: the host of an absolute target is connected to', async () => {
    const protocol = new Recorder()
    const exchange = new SiteExchange(resourceOf(protocol))
    const origin = { Origin: 'http://h' }
    await exchange.send(handshake(origin, 'GET http://169.254.169.254/meta HTTP/1.1'))
    // The target's host counts in place of Host: the page of another host is refused, and nothing is dialled.
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 403 /)
    expect(exchange.reactor.registry.registered.size).toBe(1)
  })

  test('headroom 3281: the route of a WebSocket is opened without the authentication in front of it', async () => {
    const protocol = new Recorder()
    const open = new Resource()
    open.putChild('ws', resourceOf(protocol))
    const root = guard(open, { realm: 'x', basic: passwordCheck({ me: 'secret' }) })
    const statusFor = async (authorization: string | undefined): Promise<string> => {
      const exchange = new SiteExchange(root)
      await exchange.send(handshake({ Authorization: authorization }, 'GET /ws HTTP/1.1'))
      return (await exchange.received()).toString().slice(9, 12)
    }
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
    expect(await statusFor(undefined)).toBe('401')
    // CVE-2021-33880: the comparison takes as long for each of these.
    for (const wrong of ['me:secreT', 'me:secre', 'you:secret', 'me:'])
      expect(await statusFor(basic(wrong))).toBe('401')
    expect(protocol.closed).toEqual([])
    expect(await statusFor(basic('me:secret'))).toBe('101')
  })

  test('CVE-2021-33880 of websockets: passwords are compared until the first difference', () => {
    const text = readFileSync(
      new URL('../../../http/src/resources/authentication.ts', import.meta.url),
      'utf8',
    )
    const comparison = /export function passwordCheck\([^]*?\n}\n/.exec(text)?.[0] ?? ''
    expect(comparison).toContain('timingSafeEqual(digestOf(password)')
    expect(comparison).not.toMatch(/password ===|=== password/)
  })

  test.each(['0xd', '13.0', '+13', ' 13,13', '1e1', '013', '13;'])(
    'ws: the version %j is taken for the number 13',
    async (version) => {
      expect((await respond({ 'Sec-WebSocket-Version': version })).status).toBe(426)
    },
  )

  test('ws, websockets: HTTP/1.0, no Host and two Hosts are accepted', async () => {
    expect((await respond({}, 'GET / HTTP/1.0')).status).toBe(400)
    expect((await respond({ Host: undefined })).status).toBe(400)
    expect((await respond({ Host: 'a\r\nHost: b' })).status).toBe(400)
  })

  test.each([
    [
      'ws, autobahn: the body of the upgrade request is read as frames',
      { 'Content-Length': '8' },
      frame(1, 'hi'),
    ],
    [
      'ws, autobahn: the chunks of the upgrade request are read as frames',
      { 'Transfer-Encoding': 'chunked' },
      Buffer.from('2\r\nhi\r\n0\r\n\r\n'),
    ],
  ])('%s', async (_, fields, body) => {
    const protocol = new Recorder()
    const exchange = new SiteExchange(resourceOf(protocol))
    await exchange.send(handshake(fields), body)
    expect((await exchange.received()).toString()).toMatch(/^HTTP\/1\.1 400 /)
    expect(protocol.messages).toEqual([])
  })

  test('WebSocket smuggling: what follows a refused upgrade is passed on as it is', async () => {
    const exchange = new SiteExchange(resourceOf(new Recorder()))
    await exchange.send(handshake({ 'Sec-WebSocket-Version': '12' }), NEXT)
    const statuses = (await exchange.received()).toString().match(/HTTP\/1\.1 \d+/g)
    // The next request is read as HTTP, and this resource refuses it, too.
    expect(statuses).toEqual(['HTTP/1.1 426', 'HTTP/1.1 426'])
  })

  test('CVE-2020-35678 of autobahn: a value with CR and LF adds a header to the response', async () => {
    class Splitting extends WebSocketServerFactory {
      override buildProtocol(request: Parameters<WebSocketServerFactory['buildProtocol']>[0]): Recorder {
        request.setHeader('X-Name', 'a\r\nX-Injected: b')
        return new Recorder()
      }
    }
    const exchange = new SiteExchange(new WebSocketResource(new Splitting()))
    await exchange.send(handshake())
    const head = (await exchange.received()).toString()
    expect(head).toMatch(/^HTTP\/1\.1 500 /)
    expect(head).not.toContain('X-Injected')
  })

  test('CVE-2025-10148 of curl: one masking key serves a whole connection', async () => {
    const protocol = new Recorder()
    const client = new OpenClient(protocol)
    for (let at = 0; at < 1_000; at++) protocol.transport.sendTextMessage('same')
    const sent = await client.received()
    const keys = Array.from({ length: 1_000 }, (_, at) => sent.readUInt32BE(at * 10 + 2))
    expect(new Set(keys).size).toBeGreaterThan(990)
  })
})
