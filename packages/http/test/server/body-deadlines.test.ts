import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { respondWithPath, Exchange, ok } from './http-exchange.ts'

const CHUNKED = 'POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const sized = (bytes: number): string => `POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes}\r\n\r\n`

async function read(request: Request): Promise<void> {
  await request.body.bytes()
  respondWithPath(request)
}

/** Sends `piece` every `everyMs` until the request ends; returns how many milliseconds that took. */
async function trickle(
  first: string,
  piece: string,
  everyMs: number,
  process: (request: Request) => unknown = read,
  options: object = {},
): Promise<{ exchange: Exchange; livedMs: number }> {
  const exchange = new Exchange(process, options)
  await exchange.send(first)
  let livedMs = 0
  while (livedMs < 3_600_000 && exchange.requests[0]?.outcome === undefined) {
    exchange.reactor.advance(everyMs)
    livedMs += everyMs
    await exchange.send(piece)
  }
  return { exchange, livedMs }
}

describe('the deadlines of a body', () => {
  const slow: Readonly<Record<string, readonly [first: string, piece: string]>> = {
    'a byte at a time': [sized(1_000_000), 'a'],
    'a byte in a chunk at a time': [CHUNKED, '1\r\na\r\n'],
    'a chunk extension': [`${CHUNKED}1;`, 'a'],
    'a chunk size': [CHUNKED, '0'],
    trailers: [`${CHUNKED}0\r\nX: `, 'a'],
  }

  for (const [name, [first, piece]] of Object.entries(slow)) {
    test(`${name}, each half second, is refused with 408 once bodyGraceMs is over`, async () => {
      const { exchange, livedMs } = await trickle(first, piece, 500)
      expect([livedMs >= 10_000, livedMs <= 11_000]).toEqual([true, true])
      expect(await exchange.received()).toMatch(/^HTTP\/1\.1 408 [^]*Connection: close/)
      expect(exchange.requests[0]?.signal.reason).toMatchObject({ statusCode: 408 })
      expect(await exchange.requests[0]?.finished).toBe('aborted')
      exchange.expectNothingLeft()
    })
  }

  test('reads a body at the least rate to its end, and refuses a slower one', async () => {
    const enough = await trickle(sized(100_000), 'x'.repeat(500), 1000)
    expect(await enough.exchange.received()).toBe(ok('/up'))
    const little = await trickle(sized(100_000), 'x'.repeat(250), 1000)
    // 10 s of grace, and half a second for each second that passes.
    expect([little.livedMs >= 19_000, little.livedMs <= 22_000]).toEqual([true, true])
    expect(await little.exchange.received()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('allows a pause after fast bytes, but none longer than bodyTimeoutMs', async () => {
    const exchange = new Exchange(read)
    await exchange.send(sized(200_000), 'x'.repeat(100_000))
    exchange.reactor.advance(59_000)
    await exchange.send('x')
    exchange.reactor.advance(59_000)
    expect(exchange.closed).toBe(false)
    exchange.reactor.advance(1_100)
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 408 /)
    exchange.expectNothingLeft()
  })

  test('does not extend its deadlines for trailers and extensions', async () => {
    const options = { minBodyBytesPerSecond: 0, bodyTimeoutMs: 2000 }
    const { livedMs, exchange } = await trickle(`${CHUNKED}5\r\nhello\r\n1;`, 'a', 500, read, options)
    expect(livedMs).toBeLessThan(3000)
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('sets no least rate when minBodyBytesPerSecond is 0', async () => {
    const { exchange } = await trickle(sized(100), 'x', 30_000, read, { minBodyBytesPerSecond: 0 })
    expect(await exchange.received()).toBe(ok('/up'))
  })

  test('does not count the time in which the program does not read', async () => {
    let resume = (): void => undefined
    const exchange = new Exchange(async (request) => {
      for await (const piece of request.body) {
        expect(piece.length).toBeGreaterThan(0)
        await new Promise<void>((resolve) => (resume = resolve))
      }
      respondWithPath(request)
    })
    await exchange.send(sized(150_000), 'x'.repeat(70_000), 'x'.repeat(70_000))
    exchange.requests[0]?.setResponseTimeout(Infinity)
    exchange.reactor.advance(3_600_000)
    await exchange.reactor.settle()
    expect(exchange.closed).toBe(false)
    resume()
    await exchange.reactor.settle()
    exchange.reactor.advance(9_900)
    await exchange.send('x'.repeat(10_000))
    for (let i = 0; i < 20; i++) {
      resume()
      await exchange.reactor.settle()
    }
    expect(await exchange.received()).toBe(ok('/up'))
  })
})

describe('maxDiscardedBytes', () => {
  const next = 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n'

  test.each([
    [100, 'is discarded, and the next request gets a response', false],
    [101, 'closes the connection', true],
  ])('with a limit of 100 bytes, a body with Content-Length %i %s', async (bytes, _what, closes) => {
    const exchange = new Exchange(respondWithPath, { maxDiscardedBytes: 100 })
    await exchange.send(sized(bytes), 'a'.repeat(bytes))
    expect(exchange.closed).toBe(closes)
    if (!closes) await exchange.send(next)
    expect(await exchange.received()).toBe(
      closes ? ok('/up', 'Connection: close\r\n') : ok('/up') + ok('/next'),
    )
  })

  test.each([
    [100, false],
    [101, true],
  ])(
    'with a limit of 100 bytes, a chunked body of %i bytes closes the connection: %s',
    async (bytes, closes) => {
      const exchange = new Exchange(respondWithPath, { maxDiscardedBytes: 100 })
      await exchange.send('POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
      await exchange.send(`${bytes.toString(16)}\r\n${'a'.repeat(bytes)}\r\n0\r\n\r\n`)
      expect(exchange.closed).toBe(closes)
    },
  )
})

describe('discardTimeoutMs', () => {
  test('limits how long an unread body is discarded', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send(sized(60_000))
    for (let i = 0; i < 19; i++) {
      exchange.reactor.advance(500)
      await exchange.send('a')
    }
    expect(exchange.closed).toBe(false)
    exchange.reactor.advance(600)
    expect(exchange.closed).toBe(true)
    expect(await exchange.received()).toBe(ok('/up'))
    expect(await exchange.requests[0]?.finished).toBe('complete')
    exchange.expectNothingLeft()
  })

  test('ends with the body', async () => {
    const exchange = new Exchange(respondWithPath, { discardTimeoutMs: 500 })
    await exchange.send(sized(3))
    exchange.reactor.advance(400)
    await exchange.send('abc')
    exchange.reactor.advance(10_000)
    expect(exchange.closed).toBe(false)
    await exchange.send('GET /next HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await exchange.received()).toBe(ok('/up') + ok('/next'))
  })
})
