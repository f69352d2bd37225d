import { LocalProtocolError } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { RemoteProtocolError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { describeRequest, Exchange } from './http-exchange.ts'

const sized = (bytes: number, extra = ''): string =>
  `POST / HTTP/1.1\r\nHost: h\r\n${extra}Content-Length: ${bytes}\r\n\r\n`
const CHUNKED = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const EXPECTING = 'Expect: 100-continue\r\n'

/** Limits the body to `maxBytes`, then reads it. */
function limited(maxBytes: number): (request: Request) => Promise<void> {
  return async (request) => {
    // As after a lookup: the limit may be known later than the head.
    await Promise.resolve()
    request.limitBody(maxBytes)
    await describeRequest(request)
  }
}

async function statusOf(exchange: Exchange): Promise<string | undefined> {
  return /HTTP\/1\.1 (?!100)\d{3}/.exec(await exchange.received())?.[0].slice(9)
}

describe('limitBody', () => {
  test('raises the limit for one request', async () => {
    const exchange = new Exchange(limited(6), { maxBodyBytes: 3 })
    await exchange.send(`${sized(6)}abcdef`, `${CHUNKED}6\r\nabcdef\r\n0\r\n\r\n`)
    expect((await exchange.received()).match(/POST \/ abcdef/g)?.length).toBe(2)
    await exchange.send(`${CHUNKED}7\r\n`)
    expect(await statusOf(exchange)).toBe('413')
  })

  test('applies to its own request alone', async () => {
    const exchange = new Exchange(
      (request) => (exchange.requests.length === 1 ? limited(6)(request) : describeRequest(request)),
      { maxBodyBytes: 3 },
    )
    await exchange.send(`${CHUNKED}6\r\nabcdef\r\n0\r\n\r\n`)
    expect(await exchange.received()).toContain('abcdef')
    await exchange.send(`${CHUNKED}4\r\nabcd\r\n0\r\n\r\n`)
    expect(await statusOf(exchange)).toBe('413')
    expect(exchange.closed).toBe(true)
  })

  test('lowers the limit: a stated length beyond it is a 413 at once, and no 100 is sent', async () => {
    const exchange = new Exchange(limited(5))
    await exchange.send(`${sized(5)}abcde`)
    expect(await exchange.received()).toContain('abcde')
    await exchange.send(sized(6, EXPECTING))
    const response = await exchange.received()
    expect(response).toContain('413 Content Too Large')
    expect(response).toContain('Connection: close')
    expect(response).not.toContain('100 Continue')
    expect(exchange.closed).toBe(true)
  })

  test('lowers the limit of a body in chunks: 413 once it is passed', async () => {
    const exchange = new Exchange(limited(5))
    await exchange.send(`${CHUNKED}5\r\nabcde\r\n`)
    expect(await exchange.received()).toBe('')
    await exchange.send('1\r\nf\r\n')
    expect(await statusOf(exchange)).toBe('413')
    expect(exchange.requests[0]?.signal.reason).toBeInstanceOf(RemoteProtocolError)
  })

  test('throws a 413 that the program may replace', async () => {
    const exchange = new Exchange((request) => {
      try {
        request.limitBody(5)
      } catch {
        request.setResponseCode(403)
        request.finish('no')
      }
    })
    await exchange.send(sized(6))
    expect(await statusOf(exchange)).toBe('403')
    expect(exchange.closed).toBe(true)
  })

  test('refuses a call that is too late or wrong, and ignores one without a body', async () => {
    const seen: unknown[] = []
    const exchange = new Exchange((request) => {
      request.limitBody(0)
      seen.push(request.hasBody)
      request.finish()
    })
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n', sized(0))
    expect(seen).toEqual([false, false])
    const late = new Exchange(async (request) => {
      const reading = request.body.text()
      expect(() => request.limitBody(5)).toThrow(LocalProtocolError)
      expect(() => request.limitBody(-1)).toThrow(RangeError)
      expect(() => request.limitBody('5' as unknown as number)).toThrow(TypeError)
      request.finish(await reading)
      request.limitBody(5)
    })
    await late.send(`${sized(3)}abc`)
    expect(await late.received()).toContain('abc')
    expect(late.reactor.logged).toEqual([])
  })
})

describe('the limit of the channel', () => {
  test('is a 413 when the body is read, without a 100', async () => {
    const exchange = new Exchange(describeRequest, { maxBodyBytes: 3 })
    await exchange.send(sized(4, EXPECTING))
    const response = await exchange.received()
    expect(response).toMatch(/^HTTP\/1.1 413/)
    expect(exchange.requests[0]?.signal.reason).toBeInstanceOf(RemoteProtocolError)
    expect(exchange.closed).toBe(true)
  })

  test('does not depend on what has arrived, nor on the client, which may have sent its FIN', async () => {
    for (const later of [false, true]) {
      const exchange = new Exchange(
        async (request) => {
          if (later) await new Promise((resolve) => request.reactor.callLater(100, resolve, undefined))
          await describeRequest(request)
        },
        { maxBodyBytes: 3 },
      )
      exchange.transport.receive(`${sized(4)}abcd`)
      exchange.transport.receiveEnd()
      await exchange.reactor.settle()
      exchange.reactor.advance(100)
      expect(await statusOf(exchange)).toBe('413')
    }
  })

  test('lets a program respond without reading the body, and closes', async () => {
    const exchange = new Exchange((request) => request.finish('unread'), { maxBodyBytes: 3 })
    await exchange.send(`${sized(4)}abcd`)
    const response = await exchange.received()
    expect(response).toContain('unread')
    expect(response).toContain('Connection: close')
    expect(exchange.closed).toBe(true)
  })
})

describe('trailers', () => {
  const trailing = async (request: Request): Promise<void> => {
    const [body, trailers] = await Promise.all([request.body.text(), request.trailers])
    request.finish(`${body} ${[...trailers].map((field) => field.join('=')).join()}`)
  }

  test('are the fields after the body, apart from the headers', async () => {
    const exchange = new Exchange(trailing)
    await exchange.send(`${CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n`)
    expect(await exchange.received()).toContain('abc X-Sum=1,Host=evil')
    expect(exchange.requests[0]?.getHeader('x-sum')).toBeUndefined()
    expect(exchange.requests[0]?.getHeader('host')).toBe('h')
  })

  test('are empty without a body, and after one of a known length', async () => {
    const exchange = new Exchange(trailing)
    await exchange.send(`${sized(3)}abc`, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(exchange.requests.length).toBe(2)
    for (const request of exchange.requests) expect([...(await request.trailers)]).toEqual([])
    await exchange.received()
  })

  test('reject when the body breaks off, or is not read before the response', async () => {
    const exchange = new Exchange((request) => void request.trailers)
    await exchange.send(`${CHUNKED}3\r\nabc\r\n`)
    const [request] = exchange.requests
    exchange.transport.receiveReset()
    await expect(request?.trailers).rejects.toThrow('Connection was lost')
    const unread = new Exchange((one) => one.finish())
    await unread.send(`${CHUNKED}3\r\nabc\r\n`)
    await expect(unread.requests[0]?.trailers).rejects.toThrow('the response is complete')
  })
})

describe('progress of a body', () => {
  test('is the bytes received of those expected', async () => {
    const progress: unknown[] = []
    const exchange = new Exchange(async (request) => {
      for await (const piece of request.body)
        progress.push([piece.length, request.body.receivedBytes, request.body.expectedBytes])
      request.finish()
    })
    await exchange.send(
      `${sized(5)}ab`,
      'cde',
      `${CHUNKED}1\r\nx\r\n0\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: h\r\n\r\n',
    )
    expect(progress).toEqual([
      [2, 2, 5],
      [3, 5, 5],
      [1, 1, undefined],
    ])
    expect(exchange.requests.at(-1)?.body.expectedBytes).toBe(0)
    await exchange.received()
  })
})
