import { LocalProtocolError, Protocol } from '@ropewalk/core'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { answerPath, Exchange, ok } from './http-exchange.ts'

/** Keeps what it is given, and says what it hears. */
class Raw extends Protocol {
  readonly heard: string[] = []
  override connectionMade(): void {
    this.transport.write('raw!')
  }
  override dataReceived(data: Buffer): void {
    this.heard.push(data.toString())
  }
  readConnectionLost(): void {
    this.heard.push('end')
    this.transport.loseConnection()
  }
}

const UPGRADE = 'GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nX-Extra: 1\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n'

function upgrading(raw: Raw): (request: Request) => void {
  return (request) => {
    if (request.path === '/up') request.upgrade(raw, { protocol: 'raw', headers: [['X-Extra', '1']] })
    else answerPath(request)
  }
}

/** The one request of an exchange that leaves it unanswered. */
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

  test('case 38: knows the host without its port', async () => {
    const { request } = await requestOf('GET / HTTP/1.1\r\nHost: ex.com:81\r\n\r\n')
    expect(request.getRequestHostname()).toBe('ex.com')
  })

  test('sends status, reason and headers, and refuses what cannot be sent', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    request.setResponseCode(799, 'Weird Reason')
    expect(() => request.setResponseCode(101)).toThrow(RangeError)
    expect(() => request.setResponseCode(200, 'a\r\nb')).toThrow(RangeError)
    expect(() => request.setHeader('X', 'a\r\nY: b')).toThrow(TypeError)
    request.setHeader('X', 'y')
    request.finish('body')
    expect(await exchange.received()).toBe(
      'HTTP/1.1 799 Weird Reason\r\nX: y\r\nContent-Length: 4\r\n\r\nbody',
    )
    expect(request.sentLength).toBe(4)
    expect(() => request.setResponseCode(200)).toThrow(LocalProtocolError)
  })

  test('redirects', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(() => request.redirect('/a\r\nb')).toThrow(TypeError)
    request.redirect('/elsewhere', 303)
    request.finish()
    expect(await exchange.received()).toBe(
      'HTTP/1.1 303 See Other\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
    )
  })

  test('row 132: a write after finish is the caller’s fault, and nothing on the wire', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    request.finish('x')
    expect(() => request.write('y')).toThrow(LocalProtocolError)
    request.finish()
    expect(await exchange.received()).toBe(ok('x'))
    expect(await request.finished).toBe('complete')
    expect(request.signal.aborted).toBe(false)
  })

  test('finish takes the last piece of a body that was begun', async () => {
    const { request, exchange } = await requestOf('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    request.write('ab')
    request.finish('c')
    expect(await exchange.received()).toContain('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n')
  })

  test('a body that is asked for after the client is gone fails', async () => {
    const { request, exchange } = await requestOf('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n')
    exchange.transport.receiveReset()
    await expect(request.body.text()).rejects.toThrow('lost')
  })
})

describe('Request.upgrade', () => {
  test('rows 143, 145: hands over every byte behind the request, once, in any pieces', async () => {
    for (const pieces of chunkings(`${UPGRADE}first bytes`)) {
      const raw = new Raw()
      const exchange = new Exchange(upgrading(raw))
      await exchange.send(...pieces)
      expect(await exchange.received()).toBe(`${SWITCHED}raw!`)
      expect(raw.heard.join('')).toBe('first bytes')
      expect(exchange.requests[0]?.outcome).toBe('upgraded')
    }
  })

  test('row 144: waits for earlier answers', async () => {
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
    expect(raw.heard).toEqual(['early'])
  })

  test('row 143: loses nothing while it is being decided, nor the end of input', async () => {
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
    expect(raw.heard.join('')).toBe('onetwoend')
  })

  test('is refused once the response began, with a body, and on HTTP/1.0', async () => {
    for (const [text, prepare] of [
      [UPGRADE, (request: Request) => request.write('x')],
      [UPGRADE, (request: Request) => request.finish()],
      [UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 1\r\n\r\nx'), () => undefined],
      [UPGRADE.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), () => undefined],
      [UPGRADE.replace('1.1', '1.0'), () => undefined],
    ] as const) {
      const { request } = await requestOf(text)
      prepare(request)
      expect(() => request.upgrade(new Raw(), { protocol: 'raw' })).toThrow(LocalProtocolError)
    }
  })

  test('answers false when the client is gone', async () => {
    const { request, exchange } = await requestOf(UPGRADE)
    exchange.transport.receiveReset()
    expect(request.upgrade(new Raw(), { protocol: 'raw' })).toBe(false)
  })

  test('rows 140, 142: one that is not taken is an ordinary request', async () => {
    const exchange = new Exchange(answerPath)
    await exchange.send(`${UPGRADE}GET /b HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect(await exchange.received()).toBe(ok('/up') + ok('/b'))
  })
})
