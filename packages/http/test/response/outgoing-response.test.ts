import { formatEvent } from '@ropewalk/core/log'
import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import type { Request } from '../../src/server/request.ts'
import { respondWithPath, Exchange, ok, TEXT_TYPE } from '../server/http-exchange.ts'

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const SECRET = 'Set-Cookie'

/** What a program writes, what the client receives, and what is logged. */
interface Mistaken {
  readonly write: (request: Request) => unknown
  /** The response; undefined when the connection is aborted. */
  readonly sent: RegExp | undefined
  readonly logged: string
}

const declaring =
  (bytes: string, write: (request: Request) => void) =>
  (request: Request): void => {
    request.setHeader('Content-Length', bytes)
    write(request)
  }
const withCode =
  (code: number, write: (request: Request) => void) =>
  (request: Request): void => {
    request.setResponseCode(code)
    write(request)
  }
const typed =
  (type: string) =>
  (request: Request): void => {
    request.setHeader('content-type', type)
    request.finish('x')
  }
const late =
  (change: (request: Request) => void) =>
  (request: Request): void => {
    request.write('a')
    change(request)
    change(request)
    request.finish()
  }

const ERROR_PAGE =
  /^HTTP\/1\.1 500 Internal Server Error\r\nContent-Type: text\/html; charset=utf-8\r\nContent-Length/
const UNCHANGED =
  /^HTTP\/1\.1 200 OK\r\nContent-Type: [^\r]*\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n$/
const ALL = /\r\nContent-Length: 3\r\n\r\nall$/
const BARE_204 = /^HTTP\/1\.1 204 No Content\r\n\r\n$/

const MISTAKES: Readonly<Record<string, Mistaken>> = {
  'too short, at once': {
    write: declaring('10', (it) => it.finish('short')),
    sent: ERROR_PAGE,
    logged: 'Cannot send 5 bytes under Content-Length 10: set the length of the body, or leave it out',
  },
  'empty instead of 10 bytes': {
    write: declaring('10', (it) => it.finish()),
    sent: ERROR_PAGE,
    logged: 'Cannot send 0 bytes under Content-Length 10',
  },
  'too long, at once': {
    write: declaring('3', (it) => it.finish('longer')),
    sent: ERROR_PAGE,
    logged: 'Cannot send 6 bytes under Content-Length 3',
  },
  'too long in its first piece': {
    write: declaring('3', (it) => {
      it.write('longer')
      it.write('more')
      it.finish('end')
    }),
    sent: ERROR_PAGE,
    logged: 'Cannot send 6 bytes under Content-Length 3',
  },
  'too long in a later piece': {
    write: declaring('3', (it) => {
      it.write('ab')
      it.write('cd')
      it.finish()
    }),
    sent: undefined,
    logged: 'Cannot send 4 bytes under Content-Length 3',
  },
  'too short at its end': {
    write: declaring('3', (it) => {
      it.write('ab')
      it.finish()
    }),
    sent: undefined,
    logged: 'Cannot send 2 bytes under Content-Length 3',
  },
  'too long in its last piece': {
    write: declaring('3', (it) => {
      it.write('ab')
      it.finish('cd')
    }),
    sent: undefined,
    logged: 'Cannot send 4 bytes under Content-Length 3',
  },
  'a Content-Length that is not a number': {
    write: declaring('abc', (it) => it.finish('abc')),
    sent: ERROR_PAGE,
    logged: 'Cannot send Content-Length "abc": give one number of bytes',
  },
  'a Transfer-Encoding of its own': {
    write: (it) => {
      it.setHeader('Transfer-Encoding', 'chunked')
      it.write('x')
    },
    sent: ERROR_PAGE,
    logged: 'Cannot set Transfer-Encoding: leave it out',
  },
  'setHeader after the head': {
    write: late((it) => it.setHeader(SECRET, 'a=b')),
    sent: UNCHANGED,
    logged: 'Cannot set header Set-Cookie: the head was sent, set status and headers before the first write',
  },
  'setRawHeaders after the head': {
    write: late((it) => it.responseHeaders.setRawHeaders(SECRET, ['a=b'])),
    sent: UNCHANGED,
    logged: 'Cannot set header Set-Cookie',
  },
  'addRawHeader after the head': {
    write: late((it) => it.responseHeaders.addRawHeader(SECRET, 'a=b')),
    sent: UNCHANGED,
    logged: 'Cannot set header Set-Cookie',
  },
  'removeHeader after the head': {
    write: (it) => {
      it.setHeader(SECRET, 'a=b')
      it.finish('all')
      it.responseHeaders.removeHeader('set-cookie')
    },
    sent: /Set-Cookie: a=b\r\n/,
    logged: 'Cannot set header set-cookie',
  },
  'clear after the head': {
    write: late((it) => it.responseHeaders.clear()),
    sent: UNCHANGED,
    logged: 'Cannot set the headers: the head was sent',
  },
  'setResponseCode after the head': {
    write: late((it) => it.setResponseCode(500)),
    sent: UNCHANGED,
    logged: 'Cannot set status 500: the head was sent, set status and headers before the first write',
  },
  'redirect after the head': {
    write: late((it) => it.redirect('/elsewhere')),
    sent: UNCHANGED,
    logged: 'Cannot set status 302: the head was sent',
  },
  'a header after finish': {
    write: (it) => {
      it.finish('all')
      it.setHeader(SECRET, 'a=b')
    },
    sent: ALL,
    logged: 'Cannot set header Set-Cookie: the head was sent',
  },
  'write after finish': {
    write: (it) => {
      it.finish('all')
      it.write('more')
      it.write('more')
      it.finish('again')
    },
    sent: ALL,
    logged: 'Cannot send a body: the response is finished, call finish once',
  },
  'a body with 204': {
    write: withCode(204, (it) => it.finish('x')),
    sent: BARE_204,
    logged: 'Cannot send a body with status 204: finish without one, or set another status',
  },
  'a body in pieces with 204': {
    write: withCode(204, (it) => {
      it.write('x')
      it.write('y')
      it.finish('z')
    }),
    sent: BARE_204,
    logged: 'Cannot send a body with status 204',
  },
  'a body with 205': {
    write: withCode(205, (it) => it.finish('x')),
    sent: /^HTTP\/1\.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n$/,
    logged: 'Cannot send a body with status 205',
  },
  'a body with 304': {
    write: withCode(304, (it) => it.finish('x')),
    sent: /^HTTP\/1\.1 304 Not Modified\r\n\r\n$/,
    logged: 'Cannot send a body with status 304',
  },
  'a length with 204': {
    write: withCode(
      204,
      declaring('5', (it) => it.finish()),
    ),
    sent: BARE_204,
    logged: 'Cannot send Content-Length 5 with status 204: leave it out',
  },
  'a Connection of its own': {
    write: (it) => {
      it.setHeader('Connection', 'X-Secret')
      it.finish('all')
    },
    sent: ALL,
    logged: 'Cannot send "Connection: x-secret"',
  },
  'a body that is an object': {
    write: (it) => it.finish({ a: 1 } as unknown as string),
    sent: ERROR_PAGE,
    logged: 'Cannot send a body of type object: give a string or a Uint8Array',
  },
  'a first piece that is null': {
    write: (it) => it.write(null as unknown as string),
    sent: ERROR_PAGE,
    logged: 'Cannot send a body of type null',
  },
  'a later piece that is a number': {
    write: late((it) => it.write(5 as unknown as string)),
    sent: undefined,
    logged: 'Cannot send a body of type number',
  },
  'a throw after the head': {
    write: (it) => {
      it.write('a')
      throw new HTTPError(404)
    },
    sent: undefined,
    logged: 'Not Found',
  },
  'a throw after finish, when the connection ends': {
    write: (it) => {
      it.setHeader('Connection', 'close')
      it.finish('all')
      throw new Error('too late')
    },
    sent: /Content-Length: 3\r\nConnection: close\r\n\r\nall$/,
    logged: 'too late',
  },
  'an error page with a header that cannot be sent': {
    write: () => {
      throw new HTTPError(401, 'x', { headers: [['X', 'a\r\nb: c']] })
    },
    sent: ERROR_PAGE,
    logged: 'Cannot send header X with value',
  },
  'an error page with a length': {
    write: () => {
      throw new HTTPError(401, 'x', { headers: [['Content-Length', '5']] })
    },
    sent: ERROR_PAGE,
    logged: 'under Content-Length 5',
  },
}

describe('OutgoingResponse', () => {
  for (const [name, { write, sent, logged }] of Object.entries(MISTAKES)) {
    test(`logs once, with method, path and advice: ${name}`, async () => {
      const path = `/${'x'.repeat(200)}`
      const exchange = new Exchange(write)
      await exchange.send(GET(path))
      const received = await exchange.received()
      expect(exchange.transport.connected).toBe(sent !== undefined)
      if (sent === undefined) expect(received).not.toMatch(/0\r\n\r\n$/)
      else expect(received).toMatch(sent)
      expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
        expect.stringContaining(logged),
      ])
      const [event] = exchange.reactor.logged
      expect(event === undefined ? '' : formatEvent(event)).toContain(`GET /${'x'.repeat(79)}`)
      expect(event?.fields).toMatchObject({ method: 'GET', path: path.slice(0, 80) })
    })
  }

  test('responds to the next request after a 500 in place of a wrong length', async () => {
    for (const body of ['', 'short', 'much too long']) {
      const exchange = new Exchange((request) => {
        if (request.path === '/next') return respondWithPath(request)
        return declaring('10', (it) => it.finish(body))(request)
      })
      await exchange.send(GET('/') + GET('/next'))
      const received = await exchange.received()
      expect(received).toMatch(ERROR_PAGE)
      expect(received.endsWith(ok('/next'))).toBe(true)
      expect(exchange.requests.map(({ outcome, code }) => [outcome, code])).toEqual([
        ['complete', 500],
        ['complete', 200],
      ])
    }
  })

  test('returns false from a write that cannot be sent, and from every later write', async () => {
    const ready: boolean[] = []
    const exchange = new Exchange((request) => {
      request.setHeader('Content-Length', '3')
      if (request.path === '/later') request.write('ab')
      ready.push(request.write('longer'), request.write('more'), request.write(''))
    })
    await exchange.send(GET('/') + GET('/later'))
    expect(ready).toEqual([false, false, false, false, false, false])
  })

  test('does not throw into a timer for any input', async () => {
    const exchange = new Exchange((request) => {
      request.setHeader('Content-Length', '3')
      request.reactor.callLater(5, () => request.finish('longer'))
      request.reactor.callLater(6, () => {
        request.finish(5 as unknown as string)
        request.write('late')
        request.setResponseCode(404)
        request.setHeader('X', 'y')
      })
    })
    await exchange.send(GET('/'))
    exchange.reactor.advance(10)
    expect(await exchange.received()).toMatch(ERROR_PAGE)
    // Calls after a replaced response are not logged.
    expect(exchange.reactor.logged.length).toBe(1)
  })

  test('logs an error status after the head as a warning, and any other error as an error', async () => {
    for (const [error, level] of [
      [new HTTPError(502), 'warn'],
      [new Error('broken'), 'error'],
    ] as const) {
      const exchange = new Exchange((request) => {
        request.write('a')
        throw error
      })
      await exchange.send(GET('/'))
      expect(exchange.reactor.logged).toMatchObject([
        { level, error, text: 'A request failed: {method} {path}' },
      ])
      expect(exchange.transport.connected).toBe(false)
    }
  })

  test('accepts any length and any body for HEAD', async () => {
    for (const write of [
      declaring('10', (it) => it.finish()),
      declaring('10', (it) => it.finish('other')),
      declaring('10', (it) => {
        it.write('more than')
        it.finish(' ten bytes')
      }),
    ]) {
      const exchange = new Exchange(write)
      await exchange.send(`HEAD / HTTP/1.1\r\nHost: h\r\n\r\n`)
      expect(await exchange.received()).toMatch(
        /^HTTP\/1\.1 200 OK\r\nContent-Length: 10\r\n(?:Content-Type: .*\r\n)?\r\n$/,
      )
      expect(exchange.reactor.logged).toEqual([])
    }
  })

  test('accepts the length of an unsent body for 304', async () => {
    const exchange = new Exchange(
      withCode(
        304,
        declaring('10', (it) => it.finish()),
      ),
    )
    await exchange.send(GET('/'))
    expect(await exchange.received()).toBe('HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n')
    expect(exchange.reactor.logged).toEqual([])
  })

  test('does not log calls that change nothing', async () => {
    const exchange = new Exchange((request) => {
      request.setHeader('Connection', 'keep-alive')
      request.finish('all')
      request.write('')
      request.finish()
      request.responseHeaders.removeHeader('absent')
    })
    await exchange.send(GET('/'))
    expect(await exchange.received()).toBe(ok('all'))
    expect(exchange.reactor.logged).toEqual([])
  })

  test('logs each kind of mistake once for each request', async () => {
    const exchange = new Exchange((request) => {
      request.finish('all')
      request.setHeader('X', 'y')
      request.write('more')
    })
    await exchange.send(GET('/') + GET('/'))
    expect(exchange.reactor.logged.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'warn'])
  })

  test('logs nothing once the client has gone, or the channel has responded', async () => {
    const everything = (request: Request): void => {
      request.write('late')
      request.setHeader('X', 'not\nsendable')
      request.responseHeaders.addRawHeader('X', 'y')
      request.setResponseCode(404)
      request.redirect('/elsewhere')
      request.finish(5 as unknown as string)
    }
    const gone = new Exchange((request) => void request.write('begun'))
    await gone.send(GET('/'))
    gone.transport.receiveReset()
    await gone.reactor.settle()
    gone.requests.forEach(everything)
    const refused = new Exchange((request) => void request.body.text().catch(() => undefined))
    await refused.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')
    expect(await refused.received()).toMatch(/^HTTP\/1\.1 400 /)
    refused.requests.forEach(everything)
    for (const { reactor } of [gone, refused]) expect(reactor.logged).toEqual([])
  })

  test('gives text and bytes a type unless the program set one, but not an empty body', async () => {
    const bytes = Buffer.from('x')
    const octets = 'Content-Type: application/octet-stream\r\n'
    for (const [write, type] of [
      [(it: Request) => it.finish('x'), TEXT_TYPE],
      [(it: Request) => it.finish(bytes), octets],
      [(it: Request) => it.write('x') && it.finish(bytes), TEXT_TYPE],
      [(it: Request) => it.write(bytes) && it.finish('x'), octets],
      [(it: Request) => it.finish(), ''],
      [(it: Request) => it.write('') && it.finish('x'), ''],
      [withCode(304, (it) => it.finish()), ''],
      [withCode(302, (it) => it.finish()), ''],
      [typed('a/b'), 'content-type: a/b\r\n'],
    ] as const) {
      const exchange = new Exchange(write)
      await exchange.send(GET('/'))
      const received = await exchange.received()
      expect(/content-type: [^]*?\r\n/i.exec(received)?.[0] ?? '').toBe(type)
    }
  })

  test('sends an error page with its own type, whatever type the failed response had', async () => {
    const exchange = new Exchange((request) => {
      request.setHeader('Content-Type', 'image/png')
      throw new HTTPError(403, undefined, { headers: [['Content-Type', 'text/plain']] })
    })
    await exchange.send(GET('/'))
    expect(await exchange.received()).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\nContent-Type: text\/html; charset=utf-8\r\nContent-Length: /,
    )
  })
})
