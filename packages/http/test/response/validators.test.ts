import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { get } from './coded-response.ts'
import { Exchange } from '../server/http-exchange.ts'

/** The clock of a MemoryReactor begins in 1970. */
const NOW_MS = Date.UTC(2026, 0, 2)
const CHANGED = new Date(Date.UTC(2026, 0, 1, 12))
const SAME = 'Thu, 01 Jan 2026 12:00:00 GMT'

function exchangeWith(respond: (request: Request) => unknown): Exchange {
  const exchange = new Exchange(respond)
  exchange.reactor.clock.wallClock = () => NOW_MS
  return exchange
}

const tagged = (request: Request): void => {
  request.setHeader('Cache-Control', 'max-age=60')
  request.setHeader('Content-Type', 'text/plain')
  request.setHeader('Content-Length', '4')
  if (!request.setETag('v1')) request.finish('body')
}
const dated = (request: Request): void => {
  if (!request.setLastModified(CHANGED)) request.finish('body')
}

describe('setETag', () => {
  test('sends the tag with the response', async () => {
    const { status, headers, body } = await get(exchangeWith(tagged), 'If-None-Match: "v0"\r\n')
    expect([status, headers.get('etag'), body.toString()]).toEqual([200, '"v1"', 'body'])
  })

  test('responds with a 304 that has what updates a copy, and nothing of the body', async () => {
    const exchange = exchangeWith(tagged)
    const { status, headers, body } = await get(exchange, 'If-None-Match: W/"v1"\r\n')
    expect([status, body.length]).toEqual([304, 0])
    expect(Array.from(headers).filter(([name]) => name !== 'Date')).toEqual([
      ['Cache-Control', 'max-age=60'],
      ['ETag', '"v1"'],
    ])
    expect(headers.hasHeader('date')).toBe(true)
    expect(exchange.closed).toBe(false)
  })

  test('responds with 412 to If-Match of another version', async () => {
    const { status, headers } = await get(exchangeWith(tagged), 'If-Match: "v0"\r\n')
    expect([status, headers.hasHeader('etag')]).toEqual([412, false])
  })

  test('a method that returns an empty body after it makes no mistake', async () => {
    const exchange = exchangeWith((request) => {
      request.setETag('v1')
      request.finish('')
    })
    expect((await get(exchange, 'If-None-Match: "v1"\r\n')).status).toBe(304)
    expect(exchange.reactor.logged).toEqual([])
  })

  test('does not check conditions of a response that is no success', async () => {
    const exchange = exchangeWith((request) => {
      request.setResponseCode(404)
      expect(request.setETag('v1')).toBe(false)
      request.finish('nothing')
    })
    expect((await get(exchange, 'If-None-Match: "v1"\r\n')).status).toBe(404)
  })

  test('is logged once the head was sent, and refuses a tag that cannot be sent', async () => {
    const exchange = exchangeWith((request) => {
      expect(() => request.setETag('a b')).toThrow(TypeError)
      request.write('x')
      expect(request.setETag('v1')).toBe(false)
      request.finish()
    })
    expect((await get(exchange, 'If-None-Match: "v1"\r\n')).status).toBe(200)
    expect(exchange.reactor.logged).toHaveLength(1)
  })
})

describe('setLastModified', () => {
  test.each([CHANGED, CHANGED.getTime(), CHANGED.getTime() + 999])('sends %s', async (when) => {
    const exchange = exchangeWith((request) => {
      if (!request.setLastModified(when)) request.finish('body')
    })
    const { status, headers } = await get(exchange)
    expect([status, headers.get('last-modified')]).toEqual([200, SAME])
    expect((await get(exchange, `If-Modified-Since: ${SAME}\r\n`)).status).toBe(304)
  })

  test('keeps the latest of several times, and sends none in the future', async () => {
    const several = exchangeWith((request) => {
      request.setLastModified(CHANGED)
      request.setLastModified(CHANGED.getTime() - 5000)
      request.finish('x')
    })
    expect((await get(several)).headers.get('last-modified')).toBe(SAME)
    const future = exchangeWith((request) => {
      request.setLastModified(NOW_MS + 86_400_000)
      request.finish('x')
    })
    expect((await get(future)).headers.get('last-modified')).toBe('Fri, 02 Jan 2026 00:00:00 GMT')
  })

  test('leaves If-Match to setETag, and If-None-Match overrules If-Modified-Since', async () => {
    expect((await get(exchangeWith(dated), 'If-Match: "v9"\r\n')).status).toBe(200)
    const both = `If-None-Match: "v9"\r\nIf-Modified-Since: ${SAME}\r\n`
    expect((await get(exchangeWith(dated), both)).status).toBe(200)
    expect(
      (await get(exchangeWith(dated), 'If-Unmodified-Since: Thu, 01 Jan 2026 11:00:00 GMT\r\n')).status,
    ).toBe(412)
  })

  test('refuses what is not a time', async () => {
    const exchange = exchangeWith((request) => {
      for (const wrong of [NaN, 'yesterday', undefined, null, new Date('x')])
        expect(() => request.setLastModified(wrong as Date)).toThrow(TypeError)
      request.finish()
    })
    expect((await get(exchange)).status).toBe(200)
  })
})

describe('checkPreconditions', () => {
  const put = (current: Parameters<Request['checkPreconditions']>[0]): Exchange =>
    exchangeWith((request) => {
      if (request.checkPreconditions(current) === 'done') return
      request.setResponseCode(204)
      request.finish()
    })

  test('keeps a PUT from overwriting another version', async () => {
    const current = { etag: 'v2', lastModified: CHANGED }
    expect((await get(put(current), 'If-Match: "v2"\r\n', 'PUT')).status).toBe(204)
    expect((await get(put(current), 'If-Match: "v1"\r\n', 'PUT')).status).toBe(412)
    expect((await get(put({}), 'If-Match: "v1"\r\n', 'PUT')).status).toBe(412)
    expect((await get(put(current), 'If-None-Match: *\r\n', 'PUT')).status).toBe(412)
    expect((await get(put({ exists: false }), 'If-None-Match: *\r\n', 'PUT')).status).toBe(204)
    expect((await get(put({ exists: false }), 'If-Match: *\r\n', 'PUT')).status).toBe(412)
    expect((await get(put(undefined), '', 'PUT')).status).toBe(204)
  })

  test('sends the validators with GET, and not with PUT, whose result has others', async () => {
    const current = { etag: 'W/"v2"', lastModified: CHANGED }
    const got = await get(put(current))
    expect([got.headers.get('etag'), got.headers.get('last-modified')]).toEqual(['W/"v2"', SAME])
    const changed = await get(put(current), '', 'PUT')
    expect(changed.headers.hasHeader('etag')).toBe(false)
  })
})
