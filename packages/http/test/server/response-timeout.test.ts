import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { respondWithPath, Exchange, ok } from './http-exchange.ts'

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const POST = 'POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n'

const nothing = (): void => undefined

describe('responseTimeoutMs', () => {
  test('responds 503 when the program has not begun its response, closes, and logs it once', async () => {
    const exchange = new Exchange(nothing)
    await exchange.send(GET(`/${'slow'.repeat(30)}`) + GET('/behind'))
    const [request] = exchange.requests
    exchange.reactor.advance(119_999)
    expect([exchange.closed, request?.signal.aborted]).toEqual([false, false])
    exchange.reactor.advance(101)
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[^]*Connection: close/)
    expect(request?.signal.reason).toMatchObject({ statusCode: 503 })
    expect([await request?.finished, request?.code, exchange.requests.length]).toEqual(['aborted', 503, 1])
    expect(exchange.reactor.logged).toMatchObject([
      {
        level: 'error',
        text: 'A request was not responded to within {timeoutMs} ms, finish it or return a response: {method} {path}',
        fields: { timeoutMs: 120_000, method: 'GET', path: `/${'slow'.repeat(30)}`.slice(0, 80) },
      },
    ])
    expect([request?.write('late'), request?.finish('late')]).toEqual([false, undefined])
    request?.processingFailed(new Error('late'))
    expect(await exchange.received()).toBe('')
    expect(exchange.reactor.logged.length).toBe(1)
    exchange.expectNothingLeft()
  })

  test('does not apply to a response that has begun', async () => {
    const exchange = new Exchange((request) => {
      request.reactor.callLater(119_000, () => request.write('begun'))
    })
    await exchange.send(GET('/'))
    exchange.reactor.advance(3_600_000)
    expect([exchange.closed, exchange.requests[0]?.outcome]).toEqual([false, undefined])
    exchange.requests[0]?.finish()
    expect(await exchange.received()).toContain('5\r\nbegun\r\n0\r\n\r\n')
    exchange.reactor.advance(76_000)
    exchange.expectNothingLeft()
  })

  test('begins anew for every request', async () => {
    const exchange = new Exchange(nothing, { responseTimeoutMs: 1000 })
    for (const path of ['/1', '/2', '/3']) {
      await exchange.send(GET(path))
      exchange.reactor.advance(900)
      respondWithPath(exchange.requests.at(-1)!)
      expect(await exchange.received()).toBe(ok(path))
    }
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is not extended by pipelined requests', async () => {
    const exchange = new Exchange(nothing, { responseTimeoutMs: 1000 })
    await exchange.send(GET('/'))
    for (let i = 0; i < 9; i++) {
      exchange.reactor.advance(100)
      await exchange.send(GET('/more'))
    }
    exchange.reactor.advance(200)
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 503 /)
  })

  test('counts time in which the program does not read the body, but not time spent waiting for it', async () => {
    const uploading = new Exchange(async (request) => {
      await request.body.bytes()
      respondWithPath(request)
    })
    await uploading.send('POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 180000\r\n\r\n')
    for (let i = 0; i < 300; i++) {
      uploading.reactor.advance(1000)
      await uploading.send('x'.repeat(600))
    }
    expect(await uploading.received()).toBe(ok('/up'))
    const holding = new Exchange(nothing)
    await holding.send(`${POST}${'x'.repeat(500)}`)
    holding.reactor.advance(120_100)
    expect(await holding.received()).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/)
    holding.expectNothingLeft()
  })

  test('sets no deadline when it is Infinity', async () => {
    const exchange = new Exchange(nothing, { responseTimeoutMs: Infinity })
    await exchange.send(GET('/'))
    exchange.reactor.advance(86_400_000)
    expect(exchange.closed).toBe(false)
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
  })
})

describe('Request.setResponseTimeout', () => {
  test('replaces the deadline of one request, at once or later', async () => {
    const atOnce = new Exchange((request) => request.setResponseTimeout(500))
    await atOnce.send(GET('/'))
    atOnce.reactor.advance(600)
    expect(await atOnce.received()).toMatch(/^HTTP\/1\.1 503 /)
    expect(atOnce.reactor.logged[0]?.fields).toMatchObject({ timeoutMs: 500 })
    const later = new Exchange(nothing)
    await later.send(GET('/'))
    later.reactor.advance(100_000)
    later.requests[0]?.setResponseTimeout(50_000)
    later.reactor.advance(49_000)
    expect(later.closed).toBe(false)
    later.reactor.advance(1_100)
    expect(await later.received()).toMatch(/^HTTP\/1\.1 503 /)
  })

  test('removes the deadline of one request with Infinity', async () => {
    const exchange = new Exchange((request) => {
      if (request.path === '/long') request.setResponseTimeout(Infinity)
    })
    await exchange.send(GET('/long'))
    exchange.reactor.advance(86_400_000)
    respondWithPath(exchange.requests[0]!)
    expect(await exchange.received()).toBe(ok('/long'))
    await exchange.send(GET('/short'))
    exchange.reactor.advance(120_100)
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 503 /)
  })

  test('has no effect on a request that has ended, and refuses an invalid time', async () => {
    const exchange = new Exchange(nothing)
    await exchange.send(GET('/1'))
    const [request] = exchange.requests
    const set = (ms: unknown): void => request?.setResponseTimeout(ms as number)
    for (const ms of [Number.NaN, -1]) expect(() => set(ms), String(ms)).toThrow(RangeError)
    for (const ms of ['5', undefined, null]) expect(() => set(ms), String(ms)).toThrow(TypeError)
    expect(() => set(-1)).toThrow(
      'Cannot take timeoutMs -1 for setResponseTimeout: give a number of milliseconds',
    )
    respondWithPath(request!)
    await exchange.send(GET('/2'))
    set(1)
    exchange.reactor.advance(1000)
    expect(exchange.closed).toBe(false)
  })

  test('logs a program that fails because of its deadline only once', async () => {
    const exchange = new Exchange(async ({ signal }: Request) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
    })
    await exchange.send(GET('/'))
    exchange.reactor.advance(120_100)
    await exchange.reactor.settle()
    expect(exchange.requests[0]?.signal.reason).toBeInstanceOf(HTTPError)
    expect(exchange.reactor.logged.length).toBe(1)
  })
})
