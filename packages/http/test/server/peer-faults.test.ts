import { ConnectionLost, LocalProtocolError } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import type { RequestBody } from '../../src/body/request-body.ts'
import { Exchange, ok } from './http-exchange.ts'
import { unhandledRejectionsDuring } from './unhandled-rejections.ts'

const CHUNKED = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const FORM = 'application/x-www-form-urlencoded'
const SIZED = `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: ${FORM}\r\nContent-Length: 10\r\n\r\nabc`

/** The cases in which the channel responds in place of a program that reads a body. */
const REFUSALS: Readonly<Record<string, { status: number; act: (exchange: Exchange) => Promise<void> }>> = {
  'a malformed body': {
    status: 400,
    act: (exchange) => exchange.send(`${CHUNKED}X\r\n`),
  },
  'a body that is late': {
    status: 408,
    act: async (exchange) => {
      await exchange.send(
        SIZED.replace(/Content-Length[^]*/, 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
      )
      exchange.reactor.advance(60_000)
    },
  },
  'a body that is too large': {
    status: 413,
    act: (exchange) => exchange.send(`${CHUNKED}200000\r\n`),
  },
  'a body that ends too soon': {
    status: 400,
    act: async (exchange) => {
      await exchange.send(SIZED)
      exchange.transport.receiveEnd()
    },
  },
  'trailers that are too large': {
    status: 431,
    act: (exchange) => exchange.send(`${CHUNKED}0\r\n${'X: y\r\n'.repeat(200)}\r\n`),
  },
}

/** Reads the body, ignores a failure, and leaves the response to a later call. */
function readsBody(request: Request): void {
  void (async () => {
    try {
      for await (const piece of request.body) void piece
    } catch {
      /* the upload broke off */
    }
  })()
}

describe('when the channel has responded in place of the program', () => {
  for (const [name, { status, act }] of Object.entries(REFUSALS)) {
    test(`${name}: no later call of the program throws or sends anything`, async () => {
      const exchange = new Exchange(readsBody)
      await act(exchange)
      const [request] = exchange.requests
      expect(await exchange.received()).toMatch(
        new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nConnection: close\\r\\n`),
      )
      expect(request?.signal.aborted).toBe(true)
      expect([await request?.finished, request?.outcome]).toEqual(['aborted', 'aborted'])
      request!.setResponseCode(201, 'Created')
      request!.setHeader('X-Late', '1')
      request!.redirect('/elsewhere')
      request!.setResponseTimeout(5)
      request!.endConnection()
      expect([request!.write('late'), request!.write(Buffer.from('late'))]).toEqual([false, false])
      expect(await request!.drained()).toBe(false)
      request!.finish('late')
      request!.processingFailed(new Error('late'))
      expect(request!.upgrade({} as never, { protocol: 'raw' })).toBe(false)
      expect(request!.code).toBe(status)
      expect(await exchange.received()).toBe('')
      expect(exchange.reactor.logged).toEqual([])
      exchange.expectNothingLeft()
    })

    test(`${name}, after the response has begun: aborts the connection, and no later call throws`, async () => {
      const exchange = new Exchange((request) => {
        request.write('begun')
        readsBody(request)
      })
      await act(exchange)
      const [request] = exchange.requests
      expect(await request?.finished).toBe('aborted')
      expect(exchange.transport.connected).toBe(false)
      expect(request!.write('late')).toBe(false)
      request!.setResponseCode(500)
      request!.finish()
      expect(await exchange.received()).not.toContain('0\r\n\r\n')
      exchange.expectNothingLeft()
    })
  }

  test('ends the request before listeners of its signal run', async () => {
    const seen: unknown[] = []
    const exchange = new Exchange((request) => {
      readsBody(request)
      request.signal.addEventListener('abort', () => {
        seen.push(request.outcome, request.write('late'))
        request.finish('late')
      })
    })
    await exchange.send(`${CHUNKED}X\r\n`)
    expect(seen).toEqual(['aborted', false])
    expect((await exchange.received()).match(/HTTP\/1\.1/g)?.length).toBe(1)
    exchange.expectNothingLeft()
  })

  test('logs a write after the program has finished the response', async () => {
    const exchange = new Exchange((request) => request.finish('done'))
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    exchange.transport.receiveReset()
    expect(exchange.requests[0]?.write('late')).toBe(false)
    expect(exchange.reactor.logged.map(({ error }) => error)).toEqual([expect.any(LocalProtocolError)])
    exchange.expectNothingLeft()
  })
})

describe('a client that breaks off an upload does not end the process', () => {
  const READS: Readonly<Record<string, (body: RequestBody) => Promise<unknown>>> = {
    text: (body) => body.text(),
    json: (body) => body.json(),
    bytes: (body) => body.bytes(),
    formData: (body) => body.formData(),
    'the next piece': (body) => {
      const pieces = body[Symbol.asyncIterator]()
      void pieces.next()
      return pieces.next()
    },
    'text, then mapped': (body) => body.text().then((text) => text.length),
    'text, with finally': (body) => body.text().finally(() => undefined),
  }
  const BREAKS: Readonly<Record<string, (exchange: Exchange) => void>> = {
    reset: (exchange) => exchange.transport.receiveReset(),
    end: (exchange) => exchange.transport.receiveEnd(),
    silence: (exchange) => exchange.reactor.advance(60_000),
    violation: (exchange) => exchange.transport.receive('zz\r\n'),
  }

  for (const [how, breakOff] of Object.entries(BREAKS)) {
    const start =
      how === 'violation'
        ? SIZED.replace(/Content-Length[^]*/, 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
        : SIZED
    for (const [name, read] of Object.entries(READS)) {
      test(`${how}, with ${name} awaited later or read afterwards`, async () => {
        const settled: PromiseSettledResult<unknown>[] = []
        const exchange = new Exchange(async (request) => {
          const reading = read(request.body)
          await new Promise((resolve) => request.reactor.callLater(300_000, resolve, undefined))
          settled.push(...(await Promise.allSettled([reading])))
        })
        const late = new Exchange(() => undefined)
        const unhandled = await unhandledRejectionsDuring(async () => {
          for (const one of [exchange, late]) {
            await one.send(name === 'json' ? start.replace(FORM, 'application/json') : start)
            breakOff(one)
            await one.reactor.settle()
            // Node checks for unhandled rejections at the end of every turn.
            await new Promise((resolve) => setImmediate(resolve))
            if (one === late && how !== 'silence') void read(late.requests[0]!.body)
          }
        })
        expect(unhandled).toEqual([])
        exchange.reactor.advance(300_000)
        await exchange.reactor.settle()
        expect(settled.map(({ status }) => status)).toEqual(['rejected'])
        expect(exchange.reactor.logged).toEqual([])
      })
    }
  }

  test('fails a body that is read after a reset with the reason', async () => {
    const exchange = new Exchange(() => undefined)
    await exchange.send(SIZED)
    exchange.transport.receiveReset()
    await expect(exchange.requests[0]?.body.text()).rejects.toBeInstanceOf(ConnectionLost)
    expect(exchange.requests[0]?.signal.reason).toBeInstanceOf(ConnectionLost)
    exchange.expectNothingLeft()
  })

  test('ignores the failure of a body whose iteration was abandoned', async () => {
    const unhandled = await unhandledRejectionsDuring(async () => {
      const exchange = new Exchange(async (request) => {
        for await (const piece of request.body) {
          expect(piece.toString()).toBe('abc')
          break
        }
      })
      await exchange.send(SIZED)
      exchange.transport.receiveReset()
      await exchange.reactor.settle()
      expect(exchange.reactor.logged).toEqual([])
      exchange.expectNothingLeft()
    })
    expect(unhandled).toEqual([])
  })
})

describe('the return value of process', () => {
  test('may be anything; a thenable that rejects fails the request', async () => {
    for (const value of [5, 'x', null, {}, true]) {
      const exchange = new Exchange((request) => {
        request.finish('fine')
        return value
      })
      await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      expect([await exchange.received(), exchange.reactor.logged]).toEqual([ok('fine'), []])
    }
    const thenable = new Exchange(() => ({
      // oxlint-disable-next-line unicorn/no-thenable -- the test needs a thenable that is not a Promise
      then: (_: unknown, reject: (error: Error) => void) => reject(new Error('broken')),
    }))
    await thenable.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await thenable.received()).toMatch(/^HTTP\/1\.1 500 /)
    expect(thenable.reactor.logged.map(({ error }) => error)).toEqual([new Error('broken')])
  })

  test('logs a throw after the response, and keeps the response and the connection', async () => {
    const exchange = new Exchange((request) => {
      request.finish('fine')
      throw new Error('too late')
    })
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(2))
    expect((await exchange.received()).match(/200 OK/g)?.length).toBe(2)
    expect(exchange.reactor.logged.length).toBe(2)
    expect(exchange.closed).toBe(false)
  })
})
