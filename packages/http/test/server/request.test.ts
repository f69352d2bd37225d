import { LocalProtocolError, Protocol } from '@ropewalk/core'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { respondWithPath, Exchange, ok, TEXT_TYPE } from './http-exchange.ts'

/** Records the data and the end that it receives. */
class Raw extends Protocol {
  readonly received: string[] = []
  override connectionMade(): void {
    this.transport.write('raw!')
  }
  override dataReceived(data: Buffer): void {
    this.received.push(data.toString())
  }
  readConnectionLost(): void {
    this.received.push('end')
    this.transport.loseConnection()
  }
}

const UPGRADE = 'GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nX-Extra: 1\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n'

const LATE = 'A response was sent without a part: {method} {path}'

function upgrading(raw: Raw): (request: Request) => void {
  return (request) => {
    if (request.path === '/up') request.upgrade(raw, { protocol: 'raw', headers: [['X-Extra', '1']] })
    else respondWithPath(request)
  }
}

/** Returns the only request of an exchange that sends no response. */
async function requestOf(text: string): Promise<{ request: Request; exchange: Exchange }> {
  const exchange = new Exchange(() => undefined)
  await exchange.send(text)
  const [request] = exchange.requests
  if (request === undefined)
    throw new Error(`Cannot test a request that was refused: ${await exchange.received()}`)
  return { request, exchange }
}

describe('Request', () => {
  test('has the names of Twisted', async () => {
    const { request } = await requestOf(
      'GET /a%20b?x=1&y=2&x=3 HTTP/1.1\r\nHost: [::1]:8080\r\nA: 1\r\na: 2\r\n\r\n',
    )
    expect(request).toMatchObject({
      method: 'GET',
      uri: '/a%20b?x=1&y=2&x=3',
      path: '/a%20b',
      clientproto: 'HTTP/1.1',
      code: 200,
      started: false,
    })
    expect(request.args.getAll('x')).toEqual(['1', '3'])
    expect(request.isSecure()).toBe(false)
    expect(request.getHeader('A')).toBe('2')
    expect(request.requestHeaders.getRawHeaders('a')).toEqual(['1', '2'])
    expect(request.getAllHeaders()).toEqual(
      new Map([
        ['host', '[::1]:8080'],
        ['a', '2'],
      ]),
    )
    expect(request.getRequestHostname()).toBe('::1')
    expect(request.getRequestAuthority()).toBe('[::1]:8080')
    expect(request.getClientAddress()).toMatchObject({ host: '192.168.1.1' })
    expect(request.getHost()).toMatchObject({ port: 1234 })
    expect((await request.body.bytes()).length).toBe(0)
  })

  test('returns the host without its port', async () => {
    const { request } = await requestOf('GET / HTTP/1.1\r\nHost: ex.com:81\r\n\r\n')
    expect(request.getRequestHostname()).toBe('ex.com')
  })

  test('sends status, reason and headers, and refuses what cannot be sent', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    request.setResponseCode(799, 'Weird Reason')
    expect(() => request.setResponseCode(101)).toThrow(RangeError)
    expect(() => request.setResponseCode(200, 'a\r\nb')).toThrow(RangeError)
    expect(() => request.setResponseCode(200, '\u65e5')).toThrow('above U+00FF')
    expect(() => request.setHeader('X', 'a\r\nY: b')).toThrow(TypeError)
    request.setHeader('X', 'y')
    request.finish('body')
    expect(await exchange.received()).toBe(
      `HTTP/1.1 799 Weird Reason\r\nX: y\r\n${TEXT_TYPE}Content-Length: 4\r\n\r\nbody`,
    )
    expect(request.sentLength).toBe(4)
  })

  test('redirects, and percent-encodes what a header cannot hold', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(() => request.redirect('/a\r\nb')).toThrow(TypeError)
    expect(() => request.redirect(5 as unknown as string)).toThrow('Location with a value of type number')
    request.redirect('/日?ü=%20 x')
    expect(request.responseHeaders.getRawHeaders('location')).toEqual(['/%E6%97%A5?%C3%BC=%20%20x'])
    request.redirect('/elsewhere', 303)
    request.finish()
    expect(await exchange.received()).toBe(
      'HTTP/1.1 303 See Other\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
    )
  })

  test('logs a write after finish, and sends nothing', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    request.finish('x')
    expect(request.write('y')).toBe(false)
    request.finish()
    expect(await exchange.received()).toBe(ok('x'))
    expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
      expect.stringContaining('the response is finished'),
    ])
    expect(await request.finished).toBe('complete')
    expect(request.signal.aborted).toBe(false)
  })

  test('sends the last piece of a body with finish', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    request.write('ab')
    request.finish('c')
    expect(await exchange.received()).toContain('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n')
  })

  test('fails a body that is read after the client has gone', async () => {
    const { request, exchange } = await requestOf('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n')
    exchange.transport.receiveReset()
    await expect(request.body.text()).rejects.toThrow('lost')
  })

  test('keeps its status when an invalid one is refused', async () => {
    const { request } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    for (const code of [0, 100, 199, 1000, 200.5, Number.NaN])
      expect(() => request.setResponseCode(code), String(code)).toThrow(RangeError)
    for (const reason of ['a\r', '\n', '\0', '\u010a'])
      expect(() => request.setResponseCode(404, reason), JSON.stringify(reason)).toThrow(RangeError)
    expect(request.code).toBe(200)
    request.setResponseCode(404)
    request.write('x')
    request.setResponseCode(200)
    expect(request.code).toBe(404)
  })

  test('prefers the host of the target to the Host field, and allows none in HTTP/1.0', async () => {
    const absolute = await requestOf('GET http://[2001:db8::1]:81/p HTTP/1.1\r\nHost: other\r\n\r\n')
    expect(absolute.request.getRequestHostname()).toBe('2001:db8::1')
    const upper = await requestOf('GET / HTTP/1.1\r\nHost: WWW.Example.ORG:80\r\n\r\n')
    expect(upper.request.getRequestHostname()).toBe('www.example.org')
    expect(upper.request.getRequestAuthority()).toBe('WWW.Example.ORG:80')
    expect(absolute.request.getRequestAuthority()).toBe('[2001:db8::1]:81')
    expect(absolute.request.getHeader('host')).toBe('[2001:db8::1]:81')
    expect(absolute.request.requestHeaders.getRawHeaders('host')).toEqual(['[2001:db8::1]:81'])
    const none = await requestOf('GET / HTTP/1.0\r\n\r\n')
    expect([none.request.getRequestHostname(), none.request.getRequestAuthority()]).toEqual(['', ''])
  })

  test('decodes its parameters, and has none without a query', async () => {
    const { request } = await requestOf('GET /?a=b+c%26&__proto__=1&=x&a HTTP/1.1\r\nHost: h\r\n\r\n')
    expect([...request.args]).toEqual([
      ['a', 'b c&'],
      ['__proto__', '1'],
      ['', 'x'],
      ['a', ''],
    ])
    const bare = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect([...bare.request.args]).toEqual([])
  })

  test('resolves drained() once the client has read the output', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    exchange.transport.block()
    expect(request.write(Buffer.alloc(200_000))).toBe(false)
    let drained: boolean | undefined
    void request.drained().then((more) => (drained = more))
    await exchange.reactor.settle()
    expect(drained).toBeUndefined()
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(drained).toBe(true)
    exchange.transport.block()
    request.write(Buffer.alloc(200_000))
    const lost = request.drained()
    exchange.transport.receiveReset()
    expect(await lost).toBe(false)
  })

  test('ends once, and keeps its outcome', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(request.outcome).toBeUndefined()
    exchange.transport.receiveReset()
    expect([request.outcome, await request.finished, request.signal.aborted]).toEqual([
      'aborted',
      'aborted',
      true,
    ])
    request.processingFailed(new Error('late'))
    expect(request.outcome).toBe('aborted')
    const complete = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    complete.request.finish('x')
    complete.exchange.transport.receiveReset()
    expect([complete.request.outcome, complete.request.signal.aborted]).toEqual(['complete', false])
  })

  test('reads a body once, by any method', async () => {
    const { request } = await requestOf('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc')
    expect(await request.body.text()).toBe('abc')
    await expect(request.body.json()).rejects.toThrow('Cannot read a request body twice')
  })

  test('keeps every header, the last value of each under any name', async () => {
    const { request } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n__proto__: a\r\nX: 1\r\nx: 2\r\n\r\n')
    expect([...request.getAllHeaders()]).toEqual([
      ['host', 'h'],
      ['__proto__', 'a'],
      ['x', '2'],
    ])
  })
})

describe('Request.upgrade', () => {
  test('passes on every byte after the request once, in any chunking', async () => {
    for (const pieces of chunkings(`${UPGRADE}first bytes`)) {
      const raw = new Raw()
      const exchange = new Exchange(upgrading(raw))
      await exchange.send(...pieces)
      expect(await exchange.received()).toBe(`${SWITCHED}raw!`)
      expect(raw.received.join('')).toBe('first bytes')
      expect(exchange.requests[0]?.outcome).toBe('upgraded')
    }
  })

  test('leaves the request and its response as they were, for a program that keeps them', async () => {
    const exchange = new Exchange((request) => {
      request.requestHeaders.addRawHeader('X-Added', 'é')
      request.requestHeaders.removeHeader('X-Gone')
      request.prepath = ['up']
      request.upgrade(new Raw(), { protocol: 'raw', headers: [['X-Extra', 'ü']] })
    })
    await exchange.send(
      'GET /up?a=1&a=2 HTTP/1.1\r\nhost: h:8\r\nCookie: c=3\r\nX-Gone: 1\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n',
    )
    const request = exchange.requests[0]!
    expect(request).toMatchObject({
      method: 'GET',
      uri: '/up?a=1&a=2',
      path: '/up',
      clientproto: 'HTTP/1.1',
      hasBody: false,
      prepath: ['up'],
      postpath: [],
      code: 101,
      started: true,
      sentLength: 0,
      outcome: 'upgraded',
    })
    expect(request.args.getAll('a')).toEqual(['1', '2'])
    expect([request.getRequestAuthority(), request.getRequestHostname()]).toEqual(['h:8', 'h'])
    expect(request.getCookie('c')).toBe('3')
    expect([...request.requestHeaders]).toEqual([
      ['host', 'h:8'],
      ['Cookie', 'c=3'],
      ['Connection', 'upgrade'],
      ['Upgrade', 'raw'],
      ['X-Added', 'é'],
    ])
    expect([...request.responseHeaders]).toEqual([
      ['X-Extra', 'ü'],
      ['Upgrade', 'raw'],
      ['Connection', 'Upgrade'],
    ])
    expect(request.responseHeaders).toBe(request.responseHeaders)
    expect(await request.finished).toBe('upgraded')
  })

  test('reports a response that is written to afterwards', async () => {
    const raw = new Raw()
    const exchange = new Exchange(upgrading(raw))
    await exchange.send(UPGRADE)
    const request = exchange.requests[0]!
    expect(await exchange.received()).toBe(`${SWITCHED}raw!`)
    expect([request.write('more'), request.write('more')]).toEqual([false, false])
    request.setHeader('X-Late', '1')
    expect(request.responseHeaders.hasHeader('X-Late')).toBe(false)
    expect(exchange.reactor.logged.map(({ text }) => text)).toEqual([LATE, LATE])
    expect(await exchange.received()).toBe('')
  })

  test('waits for earlier responses', async () => {
    const raw = new Raw()
    let first: Request | undefined
    const exchange = new Exchange((request) => {
      if (request.path === '/slow') first = request
      else upgrading(raw)(request)
    })
    await exchange.send(`GET /slow HTTP/1.1\r\nHost: h\r\n\r\n${UPGRADE}early`)
    expect(await exchange.received()).toBe('')
    first?.finish('slow')
    expect(await exchange.received()).toBe(`${ok('slow')}${SWITCHED}raw!`)
    expect(raw.received).toEqual(['early'])
  })

  test('loses neither bytes nor the end of input that arrive before the upgrade', async () => {
    const raw = new Raw()
    let decide: (() => void) | undefined
    const exchange = new Exchange(async (request) => {
      await new Promise<void>((resolve) => (decide = resolve))
      upgrading(raw)(request)
    })
    await exchange.send(`${UPGRADE}one`, 'two')
    exchange.transport.receiveEnd()
    decide?.()
    expect(await exchange.received()).toBe(`${SWITCHED}raw!`)
    expect(raw.received.join('')).toBe('onetwoend')
  })

  test('throws once the response has begun', async () => {
    for (const prepare of [(it: Request) => it.write('x'), (it: Request) => it.finish()]) {
      const { request } = await requestOf(UPGRADE)
      prepare(request)
      expect(() => request.upgrade(new Raw(), { protocol: 'raw' })).toThrow(LocalProtocolError)
    }
  })

  test('responds 426 or 400 to a client that did not ask for it correctly, and logs nothing', async () => {
    for (const [text, status] of [
      [UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 1\r\n\r\nx'), 400],
      [UPGRADE.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), 400],
      [UPGRADE.replace('1.1', '1.0'), 426],
      [UPGRADE.replace('Connection: Upgrade', 'Connection: keep-alive'), 426],
      [UPGRADE.replace('Upgrade: raw', 'Upgrade: raw\xa0'), 426],
      [UPGRADE.replace('Upgrade: raw', 'Upgrade: cooked, raw/2'), 426],
      [UPGRADE.replace('Upgrade: raw\r\n', ''), 426],
    ] as const) {
      let asks: boolean | undefined
      const exchange = new Exchange((request) => {
        asks = request.asksToUpgrade('raw')
        request.upgrade(new Raw(), { protocol: 'raw' })
      })
      await exchange.send(Buffer.from(text, 'latin1'))
      const received = await exchange.received()
      expect(received, text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      if (status === 426) expect(received).toMatch(/\r\nUpgrade: raw\r\n[^]*\r\nConnection: Upgrade/)
      expect([asks, exchange.reactor.logged]).toEqual([false, []])
    }
  })

  test('is asked for in any case, among other protocols, and over several lines', async () => {
    for (const text of [
      UPGRADE,
      UPGRADE.replace('Upgrade: raw', 'Upgrade: websocket\r\nupgrade: a,\tRAW '),
      UPGRADE.replace('Connection: Upgrade', 'Connection: close\r\nConnection: x , UPGRADE'),
    ]) {
      const { request } = await requestOf(text)
      expect(request.asksToUpgrade('Raw'), text).toBe(true)
    }
  })

  test('returns false when the client has gone', async () => {
    const { request, exchange } = await requestOf(UPGRADE)
    exchange.transport.receiveReset()
    expect(request.upgrade(new Raw(), { protocol: 'raw' })).toBe(false)
  })

  test('leaves a request that is not upgraded an ordinary request', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send(`${UPGRADE}GET /b HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect(await exchange.received()).toBe(ok('/up') + ok('/b'))
  })

  test('passes on the end of input that arrives before earlier responses', async () => {
    for (const pieces of chunkings(`GET /slow HTTP/1.1\r\nHost: h\r\n\r\n${UPGRADE}x`)) {
      const raw = new Raw()
      const exchange = new Exchange((request) => {
        if (request.path === '/up') upgrading(raw)(request)
      })
      await exchange.send(...pieces)
      exchange.transport.receiveEnd()
      exchange.requests[0]?.finish()
      expect(await exchange.received()).toBe(`${ok('')}${SWITCHED}raw!`)
      expect(raw.received.join('')).toBe('xend')
      expect(exchange.transport.connected).toBe(false)
    }
  })

  test('ends the request, and leaves no timer of the channel', async () => {
    const { request, exchange } = await requestOf(UPGRADE)
    expect(request.upgrade(new Raw(), { protocol: 'raw' })).toBe(true)
    expect(await request.finished).toBe('upgraded')
    expect(request.signal.aborted).toBe(false)
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
    expect(await exchange.received()).toContain('raw!')
    expect(() => request.upgrade(new Raw(), { protocol: 'raw' })).toThrow(LocalProtocolError)
    request.finish('nothing')
    expect(await exchange.received()).toBe('')
  })

  test('responds 500 when its headers cannot be sent, and continues in HTTP', async () => {
    const exchange = new Exchange((request) => {
      if (request.path === '/up')
        request.upgrade(new Raw(), { protocol: 'raw', headers: [['X', 'a\r\nY: b']] })
      else respondWithPath(request)
    })
    await exchange.send(`${UPGRADE}GET /b HTTP/1.1\r\nHost: h\r\n\r\n`)
    const received = await exchange.received()
    expect(received).toMatch(/^HTTP\/1\.1 500 /)
    expect(received).not.toContain('Y: b')
    expect(received.endsWith(ok('/b'))).toBe(true)
  })

  test('returns false on a connection that is being closed', async () => {
    const { request, exchange } = await requestOf(UPGRADE)
    exchange.transport.loseConnection()
    expect(request.upgrade(new Raw(), { protocol: 'raw' })).toBe(false)
    expect(await exchange.received()).toBe('')
  })
})
