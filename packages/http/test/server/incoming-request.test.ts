import { inspect } from 'node:util'
import { tcpAddress } from '@ropewalk/core'
import { StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { Site } from '../../src/site/site.ts'
import { Resource } from '../../src/site/resource.ts'
import { Exchange, respondWithPath } from './http-exchange.ts'

/** Returns the request of these lines. */
async function requestOf(
  lines: string = '',
  target: string = '/',
  host: string = 'ex.com:81',
): Promise<Request> {
  const exchange = new Exchange(() => undefined)
  await exchange.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`)
  const [request] = exchange.requests
  if (request === undefined) throw new Error('Cannot test a request that was refused')
  return request
}

/** Returns what `show` returns for the request to `target` of a site with the leaf `/a b/leaf`. */
async function atLeaf(target: string, show: (request: Request) => string, leaf = true): Promise<string> {
  let shown = ''
  class Leaf extends Resource {
    override readonly isLeaf = leaf
    override render_GET(request: Request): string {
      shown = show(request)
      return ''
    }
  }
  const root = new Resource()
  const middle = new Resource()
  root.putChild('a b', middle)
  middle.putChild('leaf', new Leaf())
  const exchange = Exchange.of(new Site(root))
  await exchange.send(`GET ${target} HTTP/1.1\r\nHost: ex.com:81\r\n\r\n`)
  return shown
}

describe('IncomingRequest', () => {
  test('shows its line and headers when it is inspected', async () => {
    const request = await requestOf('X-Name: value\r\n', '/a/b?c')
    const shown = inspect(request)
    expect(shown).toContain("method: 'GET'")
    expect(shown).toContain("uri: '/a/b?c'")
    expect(shown).toContain("'X-Name': 'value'")
  })

  test('has an id of the connection and of its number on it', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send('GET /a HTTP/1.1\r\nHost: h\r\n\r\n', 'GET /b HTTP/1.1\r\nHost: h\r\n\r\n')
    const { id } = exchange.transport
    expect(exchange.requests.map((request) => request.id)).toEqual([`${id}-1`, `${id}-2`])
  })

  test('has the cookies of all lines', async () => {
    const request = await requestOf('Cookie: a=1; b=%20\r\ncookie: a=2; c=3\r\n')
    expect([...request.cookies]).toEqual([
      ['a', '1'],
      ['b', '%20'],
      ['c', '3'],
    ])
    expect(request.getCookie('b')).toBe('%20')
    expect(request.getCookie('x')).toBeUndefined()
    expect((await requestOf()).cookies.size).toBe(0)
  })

  test('knows scheme and certificate from the connection', async () => {
    const plain = await requestOf()
    expect([plain.scheme, plain.isSecure(), plain.clientCertificate]).toEqual(['http', false, undefined])
    const peerCertificate = { fingerprint256: 'AB' }
    const transport = new StringTransport()
    Object.defineProperty(transport, 'tlsSession', { value: { peerCertificate } })
    Object.defineProperty(transport, 'getPeerCertificate', { value: () => peerCertificate })
    const requests: Request[] = []
    const site = new (class extends Site {
      override process(request: Request): void {
        requests.push(request)
        request.finish()
      }
    })(new Resource())
    const channel = site.buildProtocol(transport.getPeer())
    transport.begin(channel!)
    transport.receive('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(requests.map(({ scheme, clientCertificate }) => [scheme, clientCertificate])).toEqual([
      ['https', peerCertificate],
    ])
  })

  test('believes what a proxy states, when the program does', async () => {
    const request = await requestOf()
    const address = tcpAddress('203.0.113.7', 4711)
    request.assumeClient({ address, scheme: 'https' })
    expect([request.getClientAddress(), request.scheme, request.isSecure()]).toEqual([address, 'https', true])
    expect(request.getRequestAuthority()).toBe('ex.com:81')
    request.assumeClient({ host: 'Public.example' })
    expect([request.getRequestHostname(), request.getHeader('host')]).toEqual([
      'public.example',
      'Public.example',
    ])
    expect(request.getClientAddress()).toBe(address)
    expect(request.prePathURL()).toBe('https://Public.example/')
    for (const host of ['', 'a b', 'a/b', 'a\r\nX: y', '[::1'])
      expect(() => request.assumeClient({ host }), host).toThrow(RangeError)
  })

  test('setHost changes host, port and security, as in Twisted', async () => {
    const request = await requestOf()
    request.setHost('www.example.com', 443, true)
    expect(request.getHeader('host')).toBe('www.example.com')
    expect(request.getHost()).toMatchObject({ host: 'www.example.com', port: 443 })
    expect([request.isSecure(), request.prePathURL()]).toEqual([true, 'https://www.example.com/'])
    request.setHost('www.example.com', 8443)
    expect([request.isSecure(), request.prePathURL()]).toEqual([true, 'https://www.example.com:8443/'])
    const plain = await requestOf()
    plain.setHost('[::1]', 80)
    expect([plain.prePathURL(), plain.getHost()]).toEqual([
      'http://[::1]/',
      expect.objectContaining({ host: '::1' }),
    ])
    expect(() => plain.setHost('a b', 80)).toThrow(RangeError)
    expect(() => plain.setHost('a', 70_000)).toThrow(RangeError)
  })

  test('makes URLs of the requested host and the path so far', async () => {
    expect(await atLeaf('/a%20b/leaf/x/y?q', (request) => request.prePathURL())).toBe(
      'http://ex.com:81/a%20b/leaf',
    )
    expect(await atLeaf('/a%20b/leaf', (request) => request.URLPath().href)).toBe(
      'http://ex.com:81/a%20b/leaf',
    )
    const none = new Exchange(() => undefined)
    await none.send('GET / HTTP/1.0\r\n\r\n')
    expect(none.requests[0]?.prePathURL()).toBe('http://10.0.0.1:1234/')
    const odd = await requestOf('', '/', 'a%00b')
    expect(odd.prePathURL()).toBe('http://a%00b/')
    expect(() => odd.URLPath()).toThrow(expect.objectContaining({ statusCode: 400 }))
  })

  test('makes relative links that lead to children and siblings', async () => {
    const linked = async (target: string, name: 'childLink' | 'sibLink', leaf?: boolean): Promise<string> => {
      const link = await atLeaf(target, (request) => request[name]('x:/?'), leaf)
      return new URL(link, `http://h${target}`).pathname
    }
    for (const target of ['/a%20b/leaf', '/a%20b/leaf/', '/a%20b/leaf/y', '/a%20b/leaf/y/z/']) {
      expect(await linked(target, 'childLink'), target).toBe('/a%20b/leaf/x%3A%2F%3F')
      expect(await linked(target, 'sibLink'), target).toBe('/a%20b/x%3A%2F%3F')
    }
    expect(await linked('/a%20b/leaf', 'childLink', false)).toBe('/a%20b/leaf/x%3A%2F%3F')
  })

  test('remembers the URL of a root', async () => {
    const request = await requestOf()
    expect(request.getRootURL()).toBeUndefined()
    request.prepath = ['app', 'page']
    request.rememberRootURL()
    expect(request.getRootURL()).toBe('http://ex.com:81/app')
  })
})

describe('addCookie', () => {
  async function setCookies(set: (request: Request) => void): Promise<string[]> {
    const exchange = new Exchange((request) => {
      set(request)
      request.finish('x')
    })
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    const response = await exchange.received()
    expect(exchange.reactor.logged).toEqual([])
    return Array.from(response.matchAll(/Set-Cookie: (.*)\r\n/g), ([, value = '']) => value)
  }

  test('adds a line for each cookie, and replaces the same cookie', async () => {
    const lines = await setCookies((request) => {
      request.addCookie('a', '1', { path: '/', httpOnly: true })
      request.addCookie('b', '2', { maxAgeSeconds: undefined })
      request.addCookie('a', '3', { path: '/', maxAgeSeconds: 60 })
      request.addCookie('a', '4')
      request.responseHeaders.addRawHeader('Set-Cookie', 'own=5')
    })
    expect(lines).toEqual(['b=2', 'a=3; Path=/; Max-Age=60', 'a=4', 'own=5'])
  })

  test('refuses what cannot be sent, by name', async () => {
    await setCookies((request) => {
      expect(() => request.addCookie('a', 'b\r\nX: y')).toThrow(TypeError)
      expect(() => request.addCookie('a', 'b', { httponly: true } as object)).toThrow(
        'did you mean httpOnly?',
      )
      expect(() => request.addCookie('a', 'b', { sameSite: 'Lax' as 'lax' })).toThrow(
        "'strict' or 'lax' or 'none'",
      )
      expect(() => request.addCookie('a', 'b', { expires: 'tomorrow' as unknown as Date })).toThrow('a Date')
      expect(() => request.addCookie('a', 'b', { maxAgeSeconds: 1.5 })).toThrow(RangeError)
      expect(() => request.addCookie('a', 1 as unknown as string)).toThrow('give a string')
    })
  })

  test('is logged after the head, and has no effect', async () => {
    const exchange = new Exchange((request) => {
      request.write('x')
      request.addCookie('a', 'b')
      request.finish()
    })
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await exchange.received()).not.toContain('Set-Cookie')
    expect(String(exchange.reactor.logged[0]?.error)).toContain('header Set-Cookie')
  })
})
