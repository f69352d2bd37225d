import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type RangeSource, sendRanges } from '../../src/response/range-response.ts'
import type { Request } from '../../src/server/request.ts'
import { get, passed } from './coded-response.ts'
import { Exchange } from '../server/http-exchange.ts'

const DIGITS = Buffer.from('0123456789'.repeat(100))
const SAME = 'Thu, 01 Jan 2026 12:00:00 GMT'
const CHANGED_MS = Date.UTC(2026, 0, 1, 12)

const exchangeWith = (respond: (request: Request) => unknown): Exchange => {
  const exchange = new Exchange(respond)
  exchange.reactor.clock.wallClock = () => CHANGED_MS + 86_400_000
  return exchange
}
const digits = (source: Partial<RangeSource> = {}): Exchange =>
  exchangeWith((request) => {
    request.setHeader('Content-Type', 'text/plain')
    const read: RangeSource['read'] = ({ start, end }) => [DIGITS.subarray(start, end)]
    return sendRanges(request, { totalBytes: 1000, read, etag: 'v1', lastModified: CHANGED_MS, ...source })
  })

describe('sendRanges', () => {
  test('sends the whole without Range, and announces ranges', async () => {
    const { status, headers, body } = await get(digits())
    expect([status, body.length]).toEqual([200, 1000])
    expect(headers.get('accept-ranges')).toBe('bytes')
    expect(headers.get('content-length')).toBe('1000')
    expect(headers.get('etag')).toBe('"v1"')
    expect(headers.get('last-modified')).toBe(SAME)
  })

  test.each([
    ['bytes=0-0', 'bytes 0-0/1000', '0'],
    ['bytes=995-', 'bytes 995-999/1000', '56789'],
    ['bytes=-2', 'bytes 998-999/1000', '89'],
    ['bytes=0-0,1-3', 'bytes 0-3/1000', '0123'],
  ])('sends %s alone', async (range, contentRange, body) => {
    const received = await get(digits(), `Range: ${range}\r\n`)
    expect(received.status).toBe(206)
    expect(received.headers.get('content-range')).toBe(contentRange)
    expect(received.headers.get('content-length')).toBe(String(body.length))
    expect(received.headers.get('content-type')).toBe('text/plain')
    expect(received.headers.get('etag')).toBe('"v1"')
    expect(received.body.toString()).toBe(body)
  })

  test('sends several as multipart/byteranges', async () => {
    const { status, headers, body } = await get(digits(), 'Range: bytes=0-1,500-501\r\n')
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(
      headers.get('content-type') ?? '',
    )?.[1]
    expect(status).toBe(206)
    expect(headers.hasHeader('content-range')).toBe(false)
    expect(headers.get('content-length')).toBe(String(body.length))
    expect(body.toString()).toBe(
      `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/1000\r\n\r\n01` +
        `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 500-501/1000\r\n\r\n01\r\n--${boundary}--\r\n`,
    )
  })

  test('responds with 416 and the length when no range has a byte', async () => {
    const { status, headers } = await get(digits(), 'Range: bytes=1000-\r\n')
    expect([status, headers.get('content-range')]).toEqual([416, 'bytes */1000'])
  })

  test.each([
    ['HEAD', 'Range: bytes=0-0\r\n'],
    ['POST', 'Range: bytes=0-0\r\n'],
    ['GET', 'Range: bytes=0-0\r\nRange: bytes=1-1\r\n'],
    ['GET', 'Range: lines=0-0\r\n'],
    ['GET', `Range: bytes=${'0-,'.repeat(500)}0-\r\n`],
    ['GET', 'Range: bytes=0-0\r\nIf-Range: "v2"\r\n'],
    ['GET', 'Range: bytes=0-0\r\nIf-Range: W/"v1"\r\n'],
    ['GET', 'Range: bytes=0-0\r\nIf-Range: Thu, 01 Jan 2026 11:00:00 GMT\r\n'],
  ])('sends the whole to %s with %j', async (method, fields) => {
    const { status, headers, body } = await get(digits(), fields, method)
    expect([status, headers.get('content-length')]).toEqual([200, '1000'])
    expect(body.length).toBe(method === 'HEAD' ? 0 : 1000)
  })

  test.each(['"v1"', SAME])('sends a part to If-Range %s', async (validator) => {
    const { status } = await get(digits(), `Range: bytes=0-0\r\nIf-Range: ${validator}\r\n`)
    expect(status).toBe(206)
  })

  test('checks the conditions before the range', async () => {
    expect((await get(digits(), 'Range: bytes=0-0\r\nIf-None-Match: "v1"\r\n')).status).toBe(304)
    expect((await get(digits(), 'Range: bytes=5000-\r\nIf-Match: "v2"\r\n')).status).toBe(412)
  })

  test('takes bytes, and the tag that the program has set before', async () => {
    const exchange = exchangeWith((request) => {
      if (request.setETag('v7')) return undefined
      return sendRanges(request, DIGITS)
    })
    const part = await get(exchange, 'Range: bytes=1-2\r\nIf-Range: "v7"\r\nIf-Match: "v7"\r\n')
    expect([part.status, part.body.toString()]).toEqual([206, '12'])
    expect((await get(exchange, 'Range: bytes=1-2\r\nIf-Range: "v1"\r\n')).status).toBe(200)
  })

  test('an empty representation is sent whole', async () => {
    const exchange = exchangeWith((request) => sendRanges(request, Buffer.alloc(0)))
    const { status, headers } = await get(exchange, 'Range: bytes=0-\r\n')
    expect([status, headers.get('content-length')]).toEqual([200, '0'])
  })

  test.each([
    ['less', 'aborted', [Buffer.alloc(5)]],
    ['more, in a later piece', 'aborted', [Buffer.alloc(10), Buffer.alloc(1)]],
    ['more, in its first piece', 'complete', [Buffer.alloc(50)]],
  ])('a source that has %s than it promised: the response is %s', async (_name, outcome, pieces) => {
    const exchange = digits({ read: () => pieces })
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\nRange: bytes=0-9\r\n\r\n')
    expect(exchange.requests[0]?.outcome).toBe(outcome)
    expect(exchange.transport.connected).toBe(outcome === 'complete')
    // Nothing was sent of a first piece that is too long, so there is an error page.
    if (outcome === 'complete') expect(exchange.transport.value()).toMatch(/^HTTP\/1\.1 500 /)
    expect(exchange.reactor.logged).toHaveLength(1)
  })

  test('reads no faster than the client, and stops when it leaves', async () => {
    let read = 0
    let returned = false
    async function* pieces(): AsyncGenerator<Uint8Array> {
      try {
        for (; read < 1000; read++) yield Buffer.alloc(16_384)
      } finally {
        returned = true
      }
    }
    const exchange = digits({ totalBytes: 16_384_000, read: pieces })
    exchange.transport.block()
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(read).toBeLessThan(12)
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect([returned, exchange.requests[0]?.outcome]).toEqual([true, 'aborted'])
  })

  test('a source that fails aborts a response that has begun', async () => {
    const exchange = digits({
      read: async function* () {
        yield Buffer.alloc(10)
        throw new Error('a fault of the disk')
      },
    })
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(exchange.requests[0]?.outcome).toBe('aborted')
    expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual(['Error: a fault of the disk'])
  })

  test('releases a source that waits for its next piece when the client leaves', async () => {
    const released: string[] = []
    const sources: RangeSource['read'][] = [
      () => new Readable({ read: () => undefined, destroy: (_, done) => (released.push('stream'), done()) }),
      () => new ReadableStream<Uint8Array>({ cancel: () => void released.push('web stream') }),
    ]
    for (const read of sources) {
      const exchange = digits({ read })
      await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      exchange.transport.receiveReset()
      await passed(exchange)
      await passed(exchange)
      expect(exchange.reactor.logged).toEqual([])
    }
    expect(released).toEqual(['stream', 'web stream'])
  })
})
