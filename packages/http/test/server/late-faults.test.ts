import { LocalProtocolError } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { respondWithPath, Exchange, ok } from './http-exchange.ts'
import { unhandledRejectionsDuring } from './unhandled-rejections.ts'

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`

describe('a late fault stays in its connection', () => {
  test('responds 500 when an error page cannot be sent, and logs it', async () => {
    const exchange = new Exchange(async () => {
      await Promise.resolve()
      throw new HTTPError(401, 'no', { headers: [['WWW-Authenticate', 'a\r\nb: c']] })
    })
    await exchange.send(GET('/'))
    const received = await exchange.received()
    expect(received).toMatch(/^HTTP\/1\.1 500 [^]*<h1>500 Internal Server Error<\/h1>/)
    expect(received).not.toMatch(/WWW-Authenticate|b: c/)
    expect(exchange.transport.connected).toBe(true)
    expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
      expect.stringContaining('Cannot send header WWW-Authenticate'),
    ])
  })

  test('responds 500 when a program throws a value that cannot be read, and logs that', async () => {
    const exchange = new Exchange(async (request) => {
      await Promise.resolve()
      const { proxy, revoke } = Proxy.revocable(new Error('lost'), {})
      if (request.path === '/') revoke()
      throw proxy
    })
    const unhandled = await unhandledRejectionsDuring(() => exchange.send(GET('/')))
    expect(unhandled).toEqual([])
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 500 /)
    expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
      'TypeError: Cannot read the value that was thrown',
    ])
  })

  test('fails a body that is read once the response is complete, instead of waiting for ever', async () => {
    let failure: unknown
    const exchange = new Exchange((request) => {
      void request.body.text().catch((error: unknown) => (failure = error))
      request.finish('early')
    })
    await exchange.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc')
    expect(failure).toBeInstanceOf(LocalProtocolError)
    await exchange.send(`defghi${GET('/next')}`)
    expect(await exchange.received()).toBe(ok('early') + ok('early'))
  })

  test('does not process buffered requests once the connection is aborted', async () => {
    const exchange = new Exchange((request) => request.finish('x'.repeat(40_000)))
    exchange.transport.block()
    await exchange.send(GET('/').repeat(50))
    const before = exchange.requests.length
    exchange.transport.abortConnection()
    await exchange.reactor.settle()
    expect(exchange.requests.length).toBe(before)
  })

  test('does not wait for the next request while the client is still reading a response', async () => {
    const exchange = new Exchange((request) => request.finish('x'.repeat(100_000)))
    exchange.transport.block()
    await exchange.send(GET('/1') + GET('/2'))
    exchange.reactor.advance(59_000)
    expect(exchange.closed).toBe(false)
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(exchange.requests.length).toBe(2)
  })

  test('refuses an upgrade that the client did not ask for, and sends a 101 without framing', async () => {
    const protocol = {
      makeConnection: () => undefined,
      dataReceived: () => undefined,
      connectionLost: () => undefined,
    }
    const taken: boolean[] = []
    const upgrade = (request: Request): void => {
      request.setHeader('Content-Length', '5')
      taken.push(request.upgrade(protocol, { protocol: 'raw' }))
    }
    const plain = new Exchange(upgrade)
    await plain.send(GET('/'))
    expect(await plain.received()).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(taken).toEqual([false])
    const upgrading = new Exchange(upgrade)
    await upgrading.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Upgrade\r\nUpgrade: RAW\r\n\r\n')
    expect(await upgrading.received()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n',
    )
  })

  test.each([[undefined], [null], [{}], ['raw']])(
    'responds 500 to an upgrade to %j, which is not a protocol',
    async (next) => {
      const exchange = new Exchange((request) => request.upgrade(next as never, { protocol: 'raw' }))
      await exchange.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n')
      expect(await exchange.received()).toMatch(/^HTTP\/1\.1 500 /)
      expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
        expect.stringMatching(/^TypeError: Cannot take next .* for upgrade: give a protocol/),
      ])
    },
  )

  test('refuses invalid limits in the constructor', () => {
    expect(() => new Exchange(respondWithPath, { maxBodyBytes: Number.NaN })).toThrow(RangeError)
    expect(() => new Exchange(respondWithPath, { idleTimeoutMs: -1 })).toThrow(RangeError)
  })
})
