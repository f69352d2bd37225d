import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib'
import { formatEvent } from '@ropewalk/core/log'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ContentCodingOptions, encodeResponse } from '../../src/response/content-coding.ts'
import { ContentCoding } from '../../src/index.ts'
import { hasCoding } from '../../src/response/coders.ts'
import type { Request } from '../../src/server/request.ts'
import { decoded, ended, get, parse, passed } from './coded-response.ts'
import { Exchange } from '../server/http-exchange.ts'

const TEXT = 'All work and no play makes Jack a dull boy. '.repeat(100)
const LONG = Array.from({ length: 40_000 }, (_, at) => `line ${at * 7919}\n`).join('')
const GZIP = 'Accept-Encoding: gzip\r\n'

/** An exchange whose responses are coded. */
function coding(
  respond: (request: Request) => unknown,
  options: Partial<ContentCodingOptions> = {},
): Exchange {
  return new Exchange((request) => {
    encodeResponse(request, options)
    return respond(request)
  })
}

const CODINGS = (['gzip', 'br', 'zstd'] as const).filter(hasCoding)

const WAYS: Readonly<Record<string, (request: Request) => unknown>> = {
  'at once': (request) => request.finish(TEXT),
  'at once, as bytes': (request) => {
    request.setHeader('Content-Type', 'text/plain')
    request.finish(Buffer.from(TEXT))
  },
  'in one piece': (request) => {
    request.write(TEXT)
    request.finish()
  },
  'in many pieces': (request) => {
    for (let at = 0; at < TEXT.length; at += 7) request.write(TEXT.slice(at, at + 7))
    request.finish()
  },
  'with a last piece': (request) => {
    request.write(TEXT.slice(0, 5))
    request.finish(TEXT.slice(5))
  },
  'under its Content-Length, at once': (request) => {
    request.setHeader('Content-Length', String(TEXT.length))
    request.finish(TEXT)
  },
  'under its Content-Length, in pieces': (request) => {
    request.setHeader('Content-Length', String(TEXT.length))
    request.write(TEXT.slice(0, 100))
    request.write(TEXT.slice(100))
    request.finish()
  },
  'over several turns': async (request) => {
    for (let at = 0; at < TEXT.length; at += 1000) {
      request.write(TEXT.slice(at, at + 1000))
      await Promise.resolve()
    }
    request.finish()
  },
}

describe('a coded response', () => {
  describe.each(CODINGS)('%s', (name) => {
    test.each(Object.keys(WAYS))('decodes to what was written %s', async (way) => {
      const received = await get(coding(WAYS[way] ?? (() => undefined)), `Accept-Encoding: ${name}\r\n`)
      expect(received.status).toBe(200)
      expect(received.headers.get('content-encoding')).toBe(name)
      expect(received.headers.get('vary')).toBe('Accept-Encoding')
      expect(decoded(received)).toBe(TEXT)
      expect(received.body.length).toBeLessThan(TEXT.length / 4)
    })
  })

  test('is the same for a client without Accept-Encoding, but for Vary', async () => {
    for (const [way, respond] of Object.entries(WAYS)) {
      const received = await get(coding(respond))
      expect(received.headers.hasHeader('content-encoding'), way).toBe(false)
      expect(received.headers.get('vary'), way).toBe('Accept-Encoding')
      expect(decoded(received), way).toBe(TEXT)
    }
  })

  test('has a Content-Length when it is short and sent at once, and is in chunks otherwise', async () => {
    const short = await get(
      coding((request) => request.finish(TEXT)),
      GZIP,
    )
    expect(short.headers.get('content-length')).toBe(String(short.body.length))
    const long = await get(
      coding((request) => request.finish(LONG)),
      GZIP,
    )
    expect(long.headers.get('transfer-encoding')).toBe('chunked')
    expect(long.headers.hasHeader('content-length')).toBe(false)
    expect(decoded(long)).toBe(LONG)
  })

  test('keeps the connection, and pipelined requests stay in order', async () => {
    const exchange = coding((request) => request.finish(request.path === '/long' ? LONG : 'short'))
    const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`
    await exchange.send(ask('/long') + ask('/short') + ask('/long'))
    for (let count = 0; count < 3; count++) await ended(exchange, count)
    expect(exchange.requests.map(({ path }) => path)).toEqual(['/long', '/short', '/long'])
    const text = exchange.transport.value('latin1')
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3)
    expect(text).toMatch(/\r\nContent-Length: 5\r\n\r\nshortHTTP\/1\.1 200 OK/)
  })

  test('weakens the entity tag; the body without coding keeps it', async () => {
    const tagged = (request: Request): void => {
      if (!request.setETag('v1')) request.finish(TEXT)
    }
    const coded = await get(coding(tagged), GZIP)
    expect(coded.headers.get('etag')).toBe('W/"v1"')
    const plain = await get(coding(tagged))
    expect(plain.headers.get('etag')).toBe('"v1"')
  })

  test('a 304 has the tag and Vary of the response that it stands for', async () => {
    const tagged = (request: Request): void => {
      if (!request.setETag('v1')) request.finish(TEXT)
    }
    const { status, headers } = await get(coding(tagged), `${GZIP}If-None-Match: W/"v1"\r\n`)
    expect(status).toBe(304)
    expect(headers.get('etag')).toBe('W/"v1"')
    expect(headers.get('vary')).toBe('Accept-Encoding')
    expect(headers.hasHeader('content-encoding')).toBe(false)
  })

  test('HEAD has no body, no coding, and not the length of another body', async () => {
    const whole = await get(
      coding((request) => request.finish(TEXT)),
      GZIP,
      'HEAD',
    )
    expect(whole.body.length).toBe(0)
    expect(whole.headers.get('vary')).toBe('Accept-Encoding')
    expect(whole.headers.hasHeader('content-encoding')).toBe(false)
    expect(whole.headers.hasHeader('content-length')).toBe(false)
    const plain = await get(
      coding((request) => request.finish(TEXT)),
      '',
      'HEAD',
    )
    expect(plain.headers.get('content-length')).toBe(String(TEXT.length))
  })

  test.each<[string, ((request: Request) => unknown) | undefined, Partial<ContentCodingOptions>?]>([
    ['a body below the threshold', (request: Request) => request.finish('x'.repeat(1023))],
    [
      'a declared length below the threshold',
      WAYS['under its Content-Length, in pieces'],
      { thresholdBytes: 5000 },
    ],
    ['bytes without a type', (request: Request) => request.finish(Buffer.from(TEXT))],
    ['an image', with_('Content-Type', 'image/png')],
    ['a body that is coded already', with_('Content-Encoding', 'identity')],
    ['no-transform', with_('Cache-Control', 'public, No-Transform')],
    ['a body with a digest', with_('Content-Digest', 'sha-256=:AAAA:')],
  ])('leaves %s as it is', async (_name, respond, options = {}) => {
    const received = await get(coding(respond ?? (() => undefined), options), GZIP)
    expect(received.headers.get('content-encoding') ?? 'identity').toBe('identity')
    expect(received.headers.hasHeader('vary')).toBe(false)
    expect(received.body.length).toBeGreaterThan(1000)
  })

  test('leaves a part as it is, with the Vary of the whole', async () => {
    const part = (request: Request): void => {
      request.setResponseCode(206)
      request.setHeader('Content-Range', 'bytes 0-4399/9999')
      request.finish(TEXT)
    }
    const { headers, body } = await get(coding(part), GZIP)
    expect(headers.hasHeader('content-encoding')).toBe(false)
    expect(headers.get('vary')).toBe('Accept-Encoding')
    expect(body.toString()).toBe(TEXT)
  })

  test('codes at the threshold', async () => {
    const { headers } = await get(
      coding((request) => request.finish('x'.repeat(1024))),
      GZIP,
    )
    expect(headers.get('content-encoding')).toBe('gzip')
  })

  test('does not touch error pages, 204 and upgrades', async () => {
    const failing = coding(() => {
      throw new Error('a fault')
    })
    expect((await get(failing, GZIP)).status).toBe(500)
    const empty = coding((request) => {
      request.setResponseCode(204)
      request.finish()
    })
    const { status, headers } = await get(empty, GZIP)
    expect([status, headers.hasHeader('vary')]).toEqual([204, false])
  })

  test('sends an HTTP/1.0 client a coded body that ends with the connection', async () => {
    const exchange = coding((request) => request.finish(LONG))
    await exchange.send(`GET / HTTP/1.0\r\n${GZIP}\r\n`)
    await ended(exchange)
    const { headers, body } = parse(Buffer.from(exchange.transport.value('latin1'), 'latin1'))
    expect(headers.hasHeader('transfer-encoding')).toBe(false)
    expect(gunzipSync(body).toString()).toBe(LONG)
    expect(exchange.closed).toBe(true)
  })

  test('sends trailers after it', async () => {
    const exchange = coding((request) => {
      request.setTrailer('Server-Timing', () => 'total;dur=1')
      request.finish(TEXT)
    })
    const received = await get(exchange, `${GZIP}TE: trailers\r\n`)
    expect(decoded(received)).toBe(TEXT)
    expect(received.headers.get('trailer')).toBe('Server-Timing')
    expect(received.trailers).toBe('Server-Timing: total;dur=1\r\n\r\n')
  })
})

function with_(name: string, value: string): (request: Request) => void {
  return (request) => {
    request.setHeader(name, value)
    request.finish(TEXT)
  }
}

describe('a coded response that is streamed', () => {
  test('arrives piece by piece, each as soon as it was written', async () => {
    const exchange = coding(() => undefined)
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    const [request] = exchange.requests
    const gunzip = createGunzip()
    let text = ''
    gunzip.on('data', (piece: Buffer) => (text += piece.toString()))
    let seen = 0
    for (const piece of ['one', 'two', 'three']) {
      request?.write(piece)
      await expect
        .poll(async () => {
          await exchange.reactor.settle()
          const bytes = Buffer.from(exchange.transport.value('latin1'), 'latin1')
          const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
          // Only whole chunks are here: each is written at once.
          for (let at = 0, chunk = 0; at < body.length; chunk++) {
            const line = body.indexOf('\r\n', at)
            const size = Number.parseInt(body.subarray(at, line).toString(), 16)
            if (chunk >= seen) {
              gunzip.write(body.subarray(line + 2, line + 2 + size))
              seen = chunk + 1
            }
            at = line + 4 + size
          }
          return text
        })
        .toContain(piece)
    }
    request?.finish()
    await ended(exchange)
  })

  test('makes write return false when the client does not read, and bounds what is held', async () => {
    const exchange = coding(() => undefined)
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    const [request] = exchange.requests
    exchange.transport.block()
    if (request === undefined) throw new Error('Cannot respond')
    const noise = noiseOf(65_536)
    request.setHeader('Content-Type', 'text/plain')
    let written = 0
    const writer = (async () => {
      for (; written < 400 && (request.write(noise) || (await request.drained())); written++);
    })()
    await expect.poll(() => request.waitingBytes).toBeGreaterThan(100_000)
    const before = written
    for (let count = 0; count < 50; count++) await passed(exchange)
    expect(written - before).toBeLessThan(3)
    expect(written).toBeLessThan(20)
    expect(request.waitingBytes).toBeLessThan(600_000)
    exchange.transport.abortConnection()
    await writer
    await exchange.reactor.settle()
    expect(request.outcome).toBe('aborted')
  })

  test('a program that ignores what write returns is stopped at 16 MiB', async () => {
    const exchange = coding(() => undefined)
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    const [request] = exchange.requests
    exchange.transport.block()
    const piece = Buffer.alloc(1 << 20, 'x')
    request?.setHeader('Content-Type', 'text/plain')
    for (let count = 0; count < 20; count++) request?.write(piece)
    expect(request?.outcome).toBe('aborted')
    expect(exchange.reactor.logged.map(({ error }) => String(error))).toEqual([
      'LocalProtocolError: Cannot write: more than 16777216 bytes wait to be coded',
    ])
  })
})

/** Bytes that cannot be compressed. */
function noiseOf(bytes: number): Buffer {
  const noise = Buffer.alloc(bytes)
  let state = 1
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    noise[at] = state >>> 24
  }
  return noise
}

describe('the coder', () => {
  const shared = (respond: (request: Request) => unknown, options: Partial<ContentCodingOptions> = {}) => {
    const all = new ContentCoding(options)
    const exchange = new Exchange((request) => {
      request.encodeWith(all)
      return respond(request)
    })
    return { all, exchange }
  }

  test('is released when the response is complete, and counted until then', async () => {
    const { all, exchange } = shared((request) => request.finish(LONG))
    const received = get(exchange, GZIP)
    await exchange.reactor.settle()
    expect(all.openCoders).toBe(1)
    await received
    expect(all.openCoders).toBe(0)
  })

  test('is released when the client leaves in the middle', async () => {
    const { all, exchange } = shared((request) => {
      request.write(TEXT)
    })
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    expect(all.openCoders).toBe(1)
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect(all.openCoders).toBe(0)
    expect(exchange.requests[0]?.write('more')).toBe(false)
  })

  test('is released when the client leaves after finish', async () => {
    const { all, exchange } = shared((request) => request.finish(LONG))
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect(all.openCoders).toBe(0)
    expect(exchange.requests[0]?.outcome).toBe('aborted')
  })

  test('is released when the program fails in the middle', async () => {
    const { all, exchange } = shared((request) => {
      request.write(TEXT)
      throw new Error('a fault')
    })
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    expect(all.openCoders).toBe(0)
    expect(exchange.requests[0]?.outcome).toBe('aborted')
  })

  test('is released when the head cannot be sent', async () => {
    const { all, exchange } = shared((request) => {
      request.setHeader('Transfer-Encoding', 'gzip')
      request.write(TEXT)
    })
    expect((await get(exchange, GZIP)).status).toBe(500)
    expect(all.openCoders).toBe(0)
  })

  test('a fault after finish does not cut off what was finished', async () => {
    const { exchange } = shared((request) => {
      request.finish(LONG)
      throw new Error('a fault')
    })
    expect(decoded(await get(exchange, GZIP))).toBe(LONG)
  })

  test('beyond maxCoders, bodies are sent as they are, and short ones are still coded', async () => {
    const { all, exchange } = shared((request) => request.write(TEXT), { maxCoders: 1 })
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    expect(all.openCoders).toBe(1)
    const other = new Exchange((request) => {
      request.encodeWith(all)
      request.finish(request.uri === '/' ? LONG : TEXT)
    })
    const received = await get(other, GZIP)
    expect(received.headers.hasHeader('content-encoding')).toBe(false)
    expect(received.headers.get('vary')).toBe('Accept-Encoding')
    expect(received.body.toString()).toBe(LONG)
    await other.send(`GET /short HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    expect(await other.received()).toContain('Content-Encoding: gzip')
    exchange.transport.receiveReset()
  })
})

test('a client that has sent its FIN receives the whole body', async () => {
  const exchange = coding(() => undefined)
  await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
  exchange.transport.receiveEnd()
  await exchange.reactor.settle()
  exchange.requests[0]?.finish(LONG)
  await ended(exchange)
  expect(decoded(parse(exchange.transport.bytes()))).toBe(LONG)
  exchange.expectNothingLeft()
})

test('a drained connection is closed after the whole body', async () => {
  const exchange = coding((request) => request.finish(LONG))
  await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
  void exchange.channel.drain()
  await ended(exchange)
  expect(decoded(parse(exchange.transport.bytes()))).toBe(LONG)
  exchange.reactor.advance(1_100)
  expect(exchange.closed).toBe(true)
})

test('any pieces, in any turns, under any congestion, decode to what was written', async () => {
  const step = fc.oneof(
    fc.record({ write: fc.string({ unit: 'binary', maxLength: 3000 }) }),
    fc.record({
      write: fc.uint8Array({ maxLength: 70_000 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    }),
    fc.constantFrom('turn' as const, 'block' as const, 'unblock' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.constantFrom(...CODINGS), async (steps, name) => {
      let text = ''
      const exchange = coding(() => undefined, { thresholdBytes: 0 })
      await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: ${name}\r\n\r\n`)
      const [request] = exchange.requests
      for (const one of steps) {
        if (one === 'turn') await passed(exchange)
        else if (one === 'block') exchange.transport.block()
        else if (one === 'unblock') exchange.transport.unblock()
        else {
          request?.write(one.write)
          text += one.write
        }
      }
      request?.finish('the end')
      exchange.transport.unblock()
      await ended(exchange)
      expect(decoded(parse(exchange.transport.bytes()))).toBe(`${text}the end`)
    }),
    { numRuns: 30 },
  )
})

describe('mistakes', () => {
  test.each([
    ['too long, at once', '10', (request: Request) => request.finish(TEXT)],
    ['too short, at once', '9999', (request: Request) => request.finish(TEXT)],
    ['too long, in its first piece', '2000', (request: Request) => request.write(TEXT)],
  ] as const)('a body that is %s becomes a 500', async (_name, length, respond) => {
    const exchange = coding((request) => {
      request.setHeader('Content-Length', length)
      respond(request)
    })
    const { status, headers } = await get(exchange, GZIP)
    expect([status, headers.hasHeader('content-encoding')]).toEqual([500, false])
    expect(exchange.reactor.logged.map((event) => formatEvent(event)).join()).toContain(
      'the client gets a 500',
    )
  })

  test.each([
    ['too long', (request: Request) => request.finish(TEXT)],
    ['too short', (request: Request) => request.finish('x')],
  ] as const)('a body that is %s in its last piece aborts the connection', async (_name, last) => {
    const exchange = coding((request) => {
      request.setHeader('Content-Length', '5000')
      request.write(TEXT)
      last(request)
    })
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    expect(exchange.requests[0]?.outcome).toBe('aborted')
    expect(exchange.transport.connected).toBe(false)
  })

  test('write and finish after finish are logged, and change nothing', async () => {
    const exchange = coding((request) => {
      request.finish(LONG)
      request.write('late')
      request.finish('late')
      request.finish()
    })
    expect(decoded(await get(exchange, GZIP))).toBe(LONG)
    expect(exchange.reactor.logged).toHaveLength(1)
  })

  test('codes are not chosen after the head was sent', async () => {
    const exchange = new Exchange((request) => {
      request.write(TEXT)
      encodeResponse(request)
      request.finish()
    })
    expect((await get(exchange, GZIP)).body.toString()).toBe(TEXT)
  })
})

test('brotli is used when the client likes gzip as well, and gzip when it likes it more', async () => {
  const exchange = coding((request) => request.finish(TEXT))
  const both = await get(exchange, 'Accept-Encoding: gzip, deflate, br\r\n')
  expect(both.headers.get('content-encoding')).toBe('br')
  expect(brotliDecompressSync(both.body).toString()).toBe(TEXT)
  const gzip = await get(exchange, 'Accept-Encoding: gzip, br;q=0.9\r\n')
  expect(gzip.headers.get('content-encoding')).toBe('gzip')
})
