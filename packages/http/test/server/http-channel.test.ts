import { ConnectionLost } from '@ropewalk/core'
import { chunkings, StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { respondWithPath, describeRequest, Exchange, ok, TEXT_TYPE } from './http-exchange.ts'

const GET = (path: string, ...fields: string[]): string =>
  `GET ${path} HTTP/1.1\r\nHost: h\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`

const nothing = (): void => undefined

function stream(request: Request): void {
  request.write('ab')
  request.write('')
  request.write('cde')
  request.finish()
}

describe('HTTPChannel', () => {
  test('responds to a request in any chunking, and keeps the connection', async () => {
    for (const pieces of chunkings('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody')) {
      const exchange = new Exchange(describeRequest)
      await exchange.send(...pieces)
      expect(await exchange.received()).toBe(ok('POST /a body'))
      expect(exchange.closed).toBe(false)
    }
  })

  test('responds to pipelined requests in order and one at a time, whichever is ready first', async () => {
    const waiting: (() => void)[] = []
    const exchange = new Exchange(async (request) => {
      if (request.path === '/slow') await new Promise<void>((resolve) => waiting.push(resolve))
      respondWithPath(request)
    })
    await exchange.send(GET('/slow') + GET('/fast') + GET('/last'))
    expect(exchange.requests.length).toBe(1)
    expect(await exchange.received()).toBe('')
    waiting.pop()?.()
    expect(await exchange.received()).toBe(ok('/slow') + ok('/fast') + ok('/last'))
  })

  test('responds to 10 000 pipelined GETs from one segment', async () => {
    const exchange = new Exchange(respondWithPath)
    const paths = Array.from({ length: 10_000 }, (_, at) => `/${at}`)
    await exchange.send(paths.map((path) => GET(path)).join(''))
    expect(await exchange.received()).toBe(paths.map((path) => ok(path)).join(''))
  })

  test('stops reading requests while the client does not read the responses', async () => {
    const exchange = new Exchange((request) => {
      request.write('x'.repeat(40_000))
      request.finish()
    })
    exchange.transport.block()
    await exchange.send(Array.from({ length: 50 }, () => GET('/')).join(''))
    expect(exchange.requests.length).toBeLessThan(6)
    for (let i = 0; i < 60; i++) {
      exchange.transport.unblock()
      await exchange.reactor.settle()
    }
    expect(exchange.requests.length).toBe(50)
  })

  test('reads on at a low-water mark above its own, one request at a time', async () => {
    const transport = new StringTransport({ options: { lowWaterBytes: 300_000, highWaterBytes: 400_000 } })
    const root = new Resource()
    root.route('GET /', () => 'x'.repeat(100_000))
    const channel = new Site(root).buildProtocol(transport.getPeer())
    transport.block()
    transport.begin(channel ?? expect.fail('The channel was refused'))
    transport.receive(GET('/').repeat(10))
    await transport.reactor.settle()
    expect(Math.floor(transport.bufferedBytes / 100_000)).toBe(3)
    for (let i = 0; i < 60; i++) {
      transport.unblock()
      await transport.reactor.settle()
    }
    expect(transport.value().match(/HTTP\/1\.1 200/g)).toHaveLength(10)
    transport.receiveReset()
  })

  test('waits for the output to drain once, however many pieces arrive meanwhile', async () => {
    const exchange = new Exchange((request) => request.finish('x'.repeat(100_000)))
    const { transport } = exchange
    let waits = 0
    transport.drained = () => {
      waits++
      return StringTransport.prototype.drained.call(transport)
    }
    transport.block()
    await exchange.send(GET('/1'), ...Array.from(GET('/2')))
    expect([waits, exchange.requests.length]).toEqual([1, 1])
    transport.unblock()
    await exchange.reactor.settle()
    expect(exchange.requests.length).toBe(2)
  })

  test('closes after a request with Connection: close, and reads nothing after it', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send(GET('/a', 'Connection: close') + GET('/b'))
    expect(await exchange.received()).toBe(ok('/a', 'Connection: close\r\n'))
    expect(exchange.closed).toBe(true)
    expect(exchange.requests.length).toBe(1)
  })

  test('closes after an HTTP/1.0 request without keep-alive', async () => {
    const plain = new Exchange(respondWithPath)
    await plain.send('GET /a HTTP/1.0\r\n\r\n')
    expect(await plain.received()).toContain('\r\nConnection: close\r\n')
    expect(plain.closed).toBe(true)
    const asking = new Exchange(respondWithPath)
    await asking.send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    expect(await asking.received()).toContain('\r\nConnection: keep-alive\r\n')
    expect(asking.closed).toBe(false)
  })

  test('sends a body of unknown length until close to HTTP/1.0, and in chunks to HTTP/1.1', async () => {
    const old = new Exchange(stream)
    await old.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    expect(await old.received()).toBe(`HTTP/1.1 200 OK\r\n${TEXT_TYPE}Connection: close\r\n\r\nabcde`)
    expect(old.closed).toBe(true)
    const current = new Exchange(stream)
    await current.send(GET('/'))
    const chunks = 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n'
    expect(await current.received()).toBe(`HTTP/1.1 200 OK\r\n${TEXT_TYPE}${chunks}`)
  })

  test('responds to a request that arrived with the end of input, then closes', async () => {
    const exchange = new Exchange(describeRequest)
    exchange.transport.receive(GET('/a'))
    exchange.transport.receiveEnd()
    expect(await exchange.received()).toBe(ok('GET /a'))
    expect(exchange.closed).toBe(true)
  })

  test('never processes a head that breaks off, and fails a body that breaks off', async () => {
    const head = new Exchange(respondWithPath)
    head.transport.receive('GET / HTTP/1.1\r\nHos')
    head.transport.receiveEnd()
    expect(await head.received()).toMatch(/^HTTP\/1\.1 400 /)
    expect(head.requests).toEqual([])
    const body = new Exchange(describeRequest)
    body.transport.receive('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc')
    body.transport.receiveEnd()
    expect(await body.received()).toMatch(/^HTTP\/1\.1 400 /)
    expect(body.closed).toBe(true)
  })

  test('refuses a malformed request, closes, and reads nothing after it', async () => {
    for (const pieces of chunkings(`${GET('/good')}BAD\r\n\r\n${GET('/never')}`)) {
      const exchange = new Exchange(respondWithPath)
      await exchange.send(...pieces)
      const received = await exchange.received()
      expect(received.startsWith(`${ok('/good')}HTTP/1.1 400 Bad Request\r\n`)).toBe(true)
      expect(received).toContain('\r\nConnection: close\r\n')
      expect(received).not.toContain('/never')
      expect(exchange.closed).toBe(true)
      expect(exchange.requests.length).toBe(1)
    }
  })

  test('refuses a malformed chunk in a body, and reads no request after it', async () => {
    const exchange = new Exchange(describeRequest)
    await exchange.send(
      `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n${GET('/never')}`,
    )
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 400 [^]*Connection: close/)
    expect(exchange.requests.length).toBe(1)
    expect(exchange.closed).toBe(true)
  })

  test('sends 100 Continue once, when the body is first read', async () => {
    const head = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'
    const exchange = new Exchange(describeRequest)
    await exchange.send(head)
    expect(await exchange.received()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    await exchange.send('a', 'bc')
    expect(await exchange.received()).toBe(ok('POST /a abc'))
    const withBody = new Exchange(describeRequest)
    await withBody.send(`${head}abc`)
    expect(await withBody.received()).toBe(ok('POST /a abc'))
  })

  test('closes after a final status in place of 100 Continue', async () => {
    const exchange = new Exchange(() => {
      throw new HTTPError(401)
    })
    await exchange.send('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n')
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 401 [^]*Connection: close/)
    expect(exchange.closed).toBe(true)
  })

  test('discards a small unread body, and closes before a large one', async () => {
    const small = new Exchange(respondWithPath)
    await small.send(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc${GET('/b')}`)
    expect(await small.received()).toBe(ok('/a') + ok('/b'))
    const large = new Exchange(respondWithPath)
    await large.send('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc')
    expect(await large.received()).toBe(ok('/a', 'Connection: close\r\n'))
    expect(large.closed).toBe(true)
    const chunked = new Exchange(respondWithPath, { maxDiscardedBytes: 10 })
    await chunked.send('POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    expect(chunked.closed).toBe(false)
    await chunked.send('9\r\n123456789\r\n9\r\n123456789\r\n')
    expect(chunked.closed).toBe(true)
  })

  test.each([
    [65_536, 'is read'],
    [65_537, 'waits'],
  ])('with %i bytes of unsent output, the next request %s', async (unsent, outcome) => {
    const exchange = new Exchange((request) => {
      if (request.path === '/b') return respondWithPath(request)
      exchange.transport.block()
      const head = 'HTTP/1.1 200 OK\r\nContent-Length: \r\nContent-Type: a\r\nDate: \r\n\r\n'
      const dateBytes = 'Fri, 27 Nov 2026 00:00:00 GMT'.length
      const body = unsent - head.length - dateBytes - String(unsent).length
      request.setHeader('Content-Type', 'a')
      request.finish('x'.repeat(body))
    })
    await exchange.send(GET('/a'))
    expect(exchange.transport.bufferedBytes).toBe(unsent)
    await exchange.send(GET('/b'))
    expect(exchange.requests.length).toBe(outcome === 'waits' ? 1 : 2)
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(exchange.requests.length).toBe(2)
  })

  test('discards an unread body that looks like a request', async () => {
    const inside = GET('/inside')
    const exchange = new Exchange(() => {
      throw new HTTPError(404)
    })
    await exchange.send(
      `POST /nope HTTP/1.1\r\nHost: h\r\nContent-Length: ${inside.length}\r\n\r\n${inside}${GET('/b')}`,
    )
    expect(exchange.requests.map(({ path }) => path)).toEqual(['/nope', '/b'])
  })

  test('reads a body no faster than the program does', async () => {
    let resume: () => void = nothing
    const exchange = new Exchange(
      async (request) => {
        for await (const piece of request.body) {
          expect(piece.length).toBeGreaterThan(0)
          await new Promise<void>((resolve) => (resume = resolve))
        }
        request.finish()
      },
      { maxBodyBytes: Infinity },
    )
    await exchange.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n')
    for (let i = 0; i < 100; i++) await exchange.send(Buffer.alloc(10_000))
    expect(await exchange.received()).toBe('')
    for (let i = 0; i < 200; i++) {
      resume()
      await exchange.reactor.settle()
    }
    expect(await exchange.received()).toBe(ok(''))
  })

  test('aborts the connection when a response fails after its head, and logs why', async () => {
    const exchange = new Exchange(async (request) => {
      request.write('half')
      await Promise.resolve()
      throw new Error('no more')
    })
    await exchange.send(GET('/'))
    expect(exchange.transport.connected).toBe(false)
    expect(await exchange.received()).not.toContain('0\r\n\r\n')
    expect(exchange.requests[0]?.outcome).toBe('aborted')
    expect(exchange.reactor.logged.map((event) => event.error)).toEqual([new Error('no more')])
  })

  test('responds 500 without the message of the error, and continues', async () => {
    const exchange = new Exchange((request) => {
      if (request.path === '/bad') throw new Error('secret')
      respondWithPath(request)
    })
    await exchange.send(GET('/bad') + GET('/good'))
    const received = await exchange.received()
    expect(received).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
    expect(received).not.toContain('secret')
    expect(received.endsWith(ok('/good'))).toBe(true)
    expect(exchange.reactor.logged.length).toBe(1)
  })

  test('aborts the connection when a body does not match its Content-Length', async () => {
    const more = new Exchange((request) => {
      request.setHeader('Content-Length', '3')
      request.write('abc')
      request.write('d')
    })
    await more.send(GET('/'))
    expect(more.transport.connected).toBe(false)
    const less = new Exchange((request) => {
      request.setHeader('Content-Length', '3')
      request.write('ab')
      request.finish()
    })
    await less.send(GET('/a') + GET('/b'))
    expect(less.transport.connected).toBe(false)
    expect(less.requests.map(({ outcome }) => outcome)).toEqual(['aborted'])
  })

  test('closes silent connections, and connections on which a head trickles in', async () => {
    const silent = new Exchange(respondWithPath)
    silent.reactor.advance(59_999)
    expect(silent.closed).toBe(false)
    silent.reactor.advance(1)
    expect(await silent.received()).toBe('')
    expect(silent.closed).toBe(true)

    const trickling = new Exchange(respondWithPath)
    for (const byte of 'GET / HTTP/1.1\r\nX: '.padEnd(100, 'x')) {
      trickling.transport.receive(byte)
      trickling.reactor.advance(1000)
    }
    expect(await trickling.received()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(trickling.closed).toBe(true)

    const idle = new Exchange(respondWithPath)
    await idle.send(GET('/'))
    idle.reactor.advance(74_000)
    await idle.send(GET('/'))
    idle.reactor.advance(74_999)
    expect(idle.closed).toBe(false)
    idle.reactor.advance(1)
    expect(idle.closed).toBe(true)
  })

  test('responds 408 to a body that stalls, and waits for a slow response', async () => {
    const stalled = new Exchange(describeRequest)
    await stalled.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc')
    stalled.reactor.advance(60_000)
    expect(await stalled.received()).toMatch(/^HTTP\/1\.1 408 /)
    expect(stalled.closed).toBe(true)
    const slow = new Exchange(() => undefined)
    await slow.send(GET('/'))
    slow.reactor.advance(119_000)
    expect(slow.closed).toBe(false)
    slow.requests[0]?.finish()
    expect(await slow.received()).toBe(ok(''))
  })

  test('aborts a request when its client is gone, and ignores its later writes', async () => {
    const exchange = new Exchange(() => undefined)
    await exchange.send(GET('/'))
    const [request] = exchange.requests
    const { signal, finished } = request!
    exchange.transport.receiveReset()
    expect(signal.aborted).toBe(true)
    expect(await finished).toBe('aborted')
    expect(request!.write('x')).toBe(false)
    request!.finish()
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
  })

  test('fails a body when the connection is lost', async () => {
    let failure: unknown
    const exchange = new Exchange(async (request) => {
      await request.body.text().catch((error: unknown) => (failure = error))
    })
    await exchange.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc')
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect(failure).toBeInstanceOf(ConnectionLost)
  })

  test('leaves no timer', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send(GET('/a', 'Connection: close'))
    exchange.transport.receiveEnd()
    expect(exchange.transport.connected).toBe(false)
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
  })
})
