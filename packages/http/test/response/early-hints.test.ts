import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { Exchange, ok } from '../server/http-exchange.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

describe('writeEarlyHints', () => {
  test('sends a 103 at once, and the response later', async () => {
    let returned: boolean | undefined
    const exchange = new Exchange((request) => {
      returned = request.writeEarlyHints([
        '</a.css>; rel=preload; as=style',
        '</b.js>;rel=preload;as="script"',
      ])
      expect([request.started, request.sentLength]).toEqual([false, 0])
    })
    await exchange.send(GET)
    expect(returned).toBe(true)
    expect(await exchange.received()).toBe(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\nLink: </b.js>;rel=preload;as="script"\r\n\r\n',
    )
    exchange.requests[0]?.finish('body')
    expect(await exchange.received()).toBe(ok('body'))
  })

  test('takes one link, and may be called again', async () => {
    const exchange = new Exchange((request) => {
      request.writeEarlyHints('<https://example.org/a>; rel=preconnect')
      request.writeEarlyHints('</b>')
      request.finish()
    })
    await exchange.send(GET)
    expect((await exchange.received()).match(/103 Early Hints/g)).toHaveLength(2)
  })

  test('sends nothing to HTTP/1.0, for no link, and after the end', async () => {
    const exchange = new Exchange((request) => {
      expect(request.writeEarlyHints([])).toBe(false)
      expect(request.writeEarlyHints('</a>')).toBe(request.clientproto === 'HTTP/1.1')
      request.finish('x')
      expect(request.writeEarlyHints('</a>')).toBe(false)
    })
    await exchange.send('GET / HTTP/1.0\r\n\r\n')
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 200/)
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is logged once the head was sent', async () => {
    const exchange = new Exchange((request) => {
      request.write('x')
      expect(request.writeEarlyHints('</a>')).toBe(false)
      request.finish()
    })
    await exchange.send(GET)
    expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
      'LocalProtocolError: Cannot set early hints: the head was sent, set status and headers before the first write',
    ])
  })

  test.each([
    '/a.css',
    '',
    '<>',
    '<a b>',
    '<a',
    '</a> rel=x',
    '</a>; x\r\nSet-Cookie: y',
    '</a>\n',
    '</é>',
    5,
  ])('refuses the link %j', async (link) => {
    const exchange = new Exchange((request: Request) => {
      expect(() => request.writeEarlyHints([link as string])).toThrow(TypeError)
      request.finish()
    })
    await exchange.send(GET)
    expect(await exchange.received()).not.toContain('103')
  })
})

describe('setTrailer', () => {
  const TE = 'GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n'
  const respond = (request: Request): void => {
    request.setTrailer('Server-Timing', () => `body;desc="${request.sentLength}"`)
    request.write('hello')
    request.setTrailer('server-timing', 'done')
    request.finish()
  }

  test('declares the name, and sends the value after the body', async () => {
    const exchange = new Exchange((request) => {
      expect(request.setTrailer('Server-Timing', () => `sent;desc="${request.sentLength}"`)).toBe(true)
      request.write('hello')
      request.finish()
    })
    await exchange.send(TE)
    expect(await exchange.received()).toMatch(
      /\r\nTrailer: Server-Timing\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nServer-Timing: sent;desc="5"\r\n\r\n$/,
    )
  })

  test('can be changed after the head, and sends a whole body in chunks', async () => {
    const exchange = new Exchange(respond)
    await exchange.send(TE)
    expect(await exchange.received()).toMatch(/5\r\nhello\r\n0\r\nServer-Timing: done\r\n\r\n$/)
    const whole = new Exchange((request) => {
      request.setTrailer('X-Sum', 'é')
      request.finish('hello')
    })
    await whole.send(TE)
    expect(await whole.received()).toMatch(/Trailer: X-Sum\r\n[^]*5\r\nhello\r\n0\r\nX-Sum: \xe9\r\n\r\n$/)
  })

  test.each([
    ['without TE', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['with another TE', 'GET / HTTP/1.1\r\nHost: h\r\nTE: gzip\r\n\r\n'],
    ['of HTTP/1.0', 'GET / HTTP/1.0\r\nTE: trailers\r\n\r\n'],
    ['of HEAD', 'HEAD / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n'],
  ])('sends none to a request %s', async (_name, bytes) => {
    const exchange = new Exchange(respond)
    await exchange.send(bytes)
    const text = await exchange.received()
    expect(text).toContain('200 OK')
    expect(text).not.toMatch(/Trailer|Server-Timing/)
    expect(exchange.reactor.logged).toEqual([])
  })

  test('is logged, and not sent, for a new name after the head and with Content-Length', async () => {
    const late = new Exchange((request) => {
      request.write('x')
      expect(request.setTrailer('X-Late', 'v')).toBe(false)
      request.finish()
      expect(request.setTrailer('X-Later', 'v')).toBe(false)
    })
    await late.send(TE)
    expect(await late.received()).not.toContain('X-Late')
    expect(late.reactor.logged).toHaveLength(1)
    const declared = new Exchange((request) => {
      request.setTrailer('X-Sum', 'v')
      request.setHeader('Content-Length', '1')
      request.finish('x')
    })
    await declared.send(TE)
    expect(await declared.received()).toMatch(/Content-Length: 1\r\nContent-Type: [^\r]*\r\n\r\nx$/)
    expect(declared.reactor.logged).toHaveLength(1)
  })

  test('refuses fields that cannot be trailers', async () => {
    const exchange = new Exchange((request) => {
      for (const name of ['Content-Length', 'Set-Cookie', 'a b', 'Host'])
        expect(() => request.setTrailer(name, 'x')).toThrow(TypeError)
      expect(() => request.setTrailer('X', 'a\r\nb')).toThrow(TypeError)
      request.finish('x')
    })
    await exchange.send(TE)
    expect(await exchange.received()).not.toContain('Trailer')
  })

  test('a computed value that throws or cannot be sent aborts the connection', async () => {
    for (const value of [
      () => 'a\r\nb',
      (): string => {
        throw new Error('a fault')
      },
    ]) {
      const exchange = new Exchange((request) => {
        request.setTrailer('X-Sum', value)
        request.write('x')
        request.finish()
      })
      await exchange.send(TE)
      expect(exchange.requests[0]?.outcome).toBe('aborted')
      expect(await exchange.received()).not.toMatch(/0\r\n/)
    }
  })
})
