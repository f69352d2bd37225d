import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RemoteProtocolError } from '../../src/errors.ts'
import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../../src/codec/limits.ts'
import { RequestReader } from '../../src/codec/request-reader.ts'
import { readRequests, summary } from './read-requests.ts'
import { type Refusal, REFUSALS } from './refusals.ts'

/** A valid request after the one under test. Reading it shows where the reader ended the first one. */
const CANARY = 'GET /canary HTTP/1.1\r\nHost: h\r\n\r\n'
const CANARY_READ = '; GET /canary ""'

/** A request with `fields` after its request line and Host, and with `body` after the head. */
function post(fields: string, body: string = ''): string {
  return `POST /p HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n${body}`
}

function get(...fields: string[]): string {
  return `GET / HTTP/1.1\r\nHost: h\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
}

/** Expects the same result in every chunking of `text`, encoded as latin1. */
function expectRead(text: string, expected: string, limits: Partial<HTTPLimits> = {}): void {
  for (const pieces of chunkings(Buffer.from(text, 'latin1'))) {
    expect(summary(readRequests(pieces, limits)), JSON.stringify(text.slice(0, 300))).toBe(expected)
  }
}

/** Expects a refusal with `status` after the requests `before`, and nothing read after it. */
function expectRefused(text: string, status: number, before: string = ''): void {
  expectRead(text + CANARY, `${before} !${status}`.trim())
  if (text.length < LONG) expect(REFUSALS).toContainEqual(refusalOf(text))
}

/** Returns the violation that refuses a text, and marks the byte at which it does. */
function refusalOf(text: string): Refusal | undefined {
  const bytes = Buffer.from(text + CANARY, 'latin1')
  for (let length = 1; length <= bytes.length; length++) {
    const { refused } = readRequests([Buffer.from(bytes.subarray(0, length))])
    if (refused === undefined) continue
    const shown = (text + CANARY).slice(0, Math.max(length, text.length))
    return [`${shown.slice(0, length - 1)}▲${shown.slice(length - 1)}`, refused.violation, refused.message]
  }
  return undefined
}

/** Longer texts are refused for their length, whatever they contain. */
const LONG = 1000

describe('RequestReader: bytes (RFC 9112 §2.2)', () => {
  test('reads a request in any chunking', () => {
    expectRead(`${post('Content-Length: 4', 'body')}${CANARY}`, `POST /p "body"${CANARY_READ}`)
  })

  test('reads long pipelines the same in any chunking', () => {
    const request = fc.constantFrom(
      get('Cookie: a=b', 'X: y'),
      post('Content-Length: 5', 'hello'),
      post('Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\nT: v\r\n\r\n'),
      'BROKEN\r\n\r\n',
    )
    fc.assert(
      fc.property(
        fc.array(request, { maxLength: 30 }),
        fc.array(fc.nat(3000), { maxLength: 40 }),
        (requests, cuts) => {
          const whole = Buffer.from(requests.join(''))
          const places = [
            0,
            ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b),
            whole.length,
          ]
          const pieces = places.slice(1).map((end, at) => Buffer.from(whole.subarray(places[at], end)))
          expect(readRequests(pieces)).toEqual(readRequests([Buffer.from(whole)]))
        },
      ),
    )
    const pipeline = Buffer.from(get('User-Agent: x').repeat(6100))
    for (const size of [1000, 4096, 16_384, 17_011]) {
      const pieces = Array.from({ length: Math.ceil(pipeline.length / size) }, (_, at) =>
        Buffer.from(pipeline.subarray(at * size, (at + 1) * size)),
      )
      const { requests, refused } = readRequests(pieces)
      expect([requests.length, refused]).toEqual([6100, undefined])
      expect(requests.every(({ head }) => head.fields.join() === 'Host,h,User-Agent,x')).toBe(true)
    }
  })

  test('applies its limits at the same byte in any chunking', () => {
    const bound = fc.integer({ min: 1, max: 60 })
    const limits = fc.record({
      maxRequestLineBytes: bound,
      maxHeadBytes: bound,
      maxFieldCount: fc.nat(3),
      maxBodyBytes: fc.nat(8),
      maxChunkExtensionBytes: fc.nat(20),
      maxTrailerBytes: bound,
    })
    const line = fc.constantFrom(
      'GET / HTTP/1.1',
      'GET /long/path HTTP/1.0',
      'LONGMETHOD /',
      'G / HTTP/1.1\x01',
    )
    const field = fc.constantFrom('Host: h', 'X: y', 'X: \0', 'N', 'Content-Length: 7')
    const body = fc.constantFrom('', 'abcdefg')
    const chunks = fc.constantFrom(
      '3\r\nabc\r\n',
      '3;ext=value\r\nabc\r\n',
      '0003\r\nabc\r\n',
      '3;\r\n',
      '9\r\n',
    )
    const trailers = fc.constantFrom('', 'T: v\r\n', 'T: \0\r\n')
    const plain = fc
      .tuple(line, fc.array(field, { maxLength: 4 }), body)
      .map(([start, fields, content]) => `${[start, ...fields].join('\r\n')}\r\n\r\n${content}`)
    const chunked = fc
      .tuple(fc.array(chunks, { maxLength: 4 }), trailers)
      .map(([content, last]) => post('Transfer-Encoding: chunked', `${content.join('')}0\r\n${last}\r\n`))
    const connection = fc.array(fc.oneof(plain, chunked), { maxLength: 3 })
    fc.assert(
      fc.property(connection, limits, fc.integer({ min: 1, max: 40 }), (requests, bounds, size) => {
        const whole = Buffer.from(requests.join(''), 'latin1')
        const expected = readRequests([whole], bounds)
        for (const step of [1, size]) {
          const pieces = Array.from({ length: Math.ceil(whole.length / step) }, (_, at) =>
            Buffer.from(whole.subarray(at * step, (at + 1) * step)),
          )
          expect(readRequests(pieces, bounds)).toEqual(expected)
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('reads a header value of 1 MiB, one byte at a time, in linear time', () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, maxHeadBytes: 1 << 21 }
    const reader = new RequestReader(limits)
    const input = new ByteQueue()
    input.push(Buffer.from('GET / HTTP/1.1\r\nHost: h\r\nX: '))
    const value = Buffer.from('v')
    for (let i = 0; i < 1 << 20; i++) {
      input.push(value)
      reader.next(input)
    }
    expect(input.workBytes).toBeLessThan(6 << 20)
  })

  test('skips up to four empty lines before a request', () => {
    expectRead(`\r\n\r\n\r\n\r\n${get()}\r\n${CANARY}`, `GET / ""${CANARY_READ}`)
    expectRefused(`\r\n\r\n\r\n\r\n\r\n${get()}`, 400)
  })

  test('refuses at the first byte that cannot begin a request', () => {
    for (const start of ['\0', '\x01', '\x0b', ' ', '\xef\xbb\xbf', '\x16\x03\x01\x02', '\n']) {
      expect(summary(readRequests([Buffer.from(start, 'latin1')]))).toBe('!400')
      expectRefused(`${start}${get()}`, 400)
    }
    expectRefused(`${get()}\0`, 400, 'GET / ""')
  })

  test('refuses an SSH banner at the end of its line', () => {
    expect(summary(readRequests([Buffer.from('SSH-2.0-OpenSSH_9.2 Debian\r')]))).toBe('!400')
  })

  test('refuses the preface of HTTP/2', () => {
    expectRead('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '!505')
  })

  test('accepts the end of input between requests, and refuses it within one', () => {
    for (const [text, refused] of [
      ['', false],
      ['\r', true],
      ['GET', true],
      ['GET / HTTP/1.1\r\nHost', true],
      [get(), false],
      [`${get()}\r\n`, false],
      [post('Content-Length: 2', 'x'), true],
      [post('Transfer-Encoding: chunked', '0\r\n'), true],
    ] as const) {
      const reader = new RequestReader(DEFAULT_HTTP_LIMITS)
      const input = new ByteQueue()
      input.push(Buffer.from(text))
      while (reader.next(input) !== undefined);
      if (refused) expect(() => reader.endOfInput()).toThrow(RemoteProtocolError)
      else expect(() => reader.endOfInput()).not.toThrow()
    }
  })

  test('reads nothing after it has refused a request', () => {
    const reader = new RequestReader(DEFAULT_HTTP_LIMITS)
    const input = new ByteQueue()
    input.push(Buffer.from('BAD\r\n'))
    expect(() => reader.next(input)).toThrow(RemoteProtocolError)
    input.push(Buffer.from(CANARY))
    expect(reader.next(input)).toBeUndefined()
    expect(() => reader.endOfInput()).not.toThrow()
  })

  test('turns arbitrary bytes into events or a RemoteProtocolError', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .constantFrom(
          'GET ',
          '/',
          ' HTTP/1.1\r\n',
          'Host: h\r\n',
          '\r\n',
          'Content-Length: ',
          'Transfer-Encoding: chunked\r\n',
          '5\r\n',
          'hello',
          '0\r\n',
        )
        .map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => void readRequests(pieces)),
      { numRuns: 2000 },
    )
  })
})

describe('RequestReader: request line (RFC 9112 §3)', () => {
  test('refuses wrong separators, parts and line ends', () => {
    for (const line of [
      'GET  / HTTP/1.1\r\n',
      'GET /  HTTP/1.1\r\n',
      'GET\t/ HTTP/1.1\r\n',
      'GET / HTTP/1.1 \r\n',
      ' GET / HTTP/1.1\r\n',
      'GET / x HTTP/1.1\r\n',
      'GET HTTP/1.1\r\n',
      'GET\r\n',
      'GET  HTTP/1.1\r\n',
      'GET /\nHTTP/1.1\r\n',
      'GET /\r\n',
      'GET /\rHTTP/1.1\r\n',
      'GET / HTTP/1.1\r',
      'GET / HTTP/1.1\n',
      'GET / HTTP/1.1\rX\n',
      'GET\r/ HTTP/1.1\r\n',
    ]) {
      expectRead(`${line}Host: h\r\n\r\n${CANARY}`, '!400')
    }
    expect(summary(readRequests([Buffer.from('GET /\r')]))).toBe('!400')
  })

  test('refuses control characters, DEL, tabs and 8-bit bytes in a target', () => {
    for (const byte of ['\0', '\x01', '\t', '\x1f', '\x7f', '\x80', '\xb0', '\xff']) {
      expectRefused(`GET /a${byte}b HTTP/1.1\r\nHost: h\r\n\r\n`, 400)
      expectRefused(`GET /?a${byte}b HTTP/1.1\r\nHost: h\r\n\r\n`, 400)
    }
  })

  test('refuses a method that is not a token', () => {
    for (const method of ['G\0T', 'G(T', 'G\xc9T', '"GET"', 'G{T', 'G@T', 'G\x7fT', '']) {
      expectRefused(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n`, 400)
    }
  })

  test('accepts any token as a method, and keeps its case', () => {
    expectRead('get / HTTP/1.1\r\nHost: h\r\n\r\n', 'get / ""')
    expectRead(`FROBNICATE! / HTTP/1.1\r\nHost: h\r\n\r\n`, 'FROBNICATE! / ""')
  })

  test('reads a higher minor version as 1.1 (RFC 9110 §6.2)', () => {
    for (const version of ['HTTP/1.2', 'HTTP/1.9']) {
      const chunked = 'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'
      expectRead(`POST / ${version}\r\nHost: h\r\n${chunked}`, 'POST / "x"')
      expectRefused(`GET / ${version}\r\n\r\n`, 400)
    }
  })

  test('refuses other versions with 505, and malformed ones with 400', () => {
    for (const version of ['HTTP/2.0', 'HTTP/3.0', 'HTTP/0.9', 'HTTP/9.9']) {
      expectRefused(`GET / ${version}\r\nHost: h\r\n\r\n`, 505)
    }
    for (const version of [
      'http/1.1',
      'HTTP/1',
      'HTTP/1.',
      'HTTP/.1',
      'HTTP/01.1',
      'HTTP/1.01',
      'HTTP/1.10',
      'HTTP/1.1x',
      'HTTP/1,1',
      'HTTPS/1.1',
      'HTTP/4294967297.1',
      'HTTP /1.1',
      'HTTP/ 1.1',
      'HTTP1.1',
      'HTTP/x.1',
      'HTTP/1.x',
      'Http/1.1',
      'HTTP/-1.1',
      'ICY/1.1',
      '',
    ]) {
      expectRefused(`GET / ${version}\r\nHost: h\r\n\r\n`, 400)
    }
  })

  test('refuses a method of 20 kB with 501, before its end', () => {
    expect(summary(readRequests([Buffer.from('M'.repeat(20_000))]))).toBe('!501')
    expectRefused('M'.repeat(20_000), 501)
  })

  test('accepts a request line of 8 000 bytes, and refuses longer ones with 414 before their end', () => {
    const target = `/${'a'.repeat(7985)}`
    expect(summary(readRequests([Buffer.from(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)]))).toBe(
      `GET ${target} ""`,
    )
    for (const long of [`GET /${'a'.repeat(8192)}`, `GET /${'a'.repeat(1 << 20)}`]) {
      expect(summary(readRequests([Buffer.from(long)]))).toBe('!414')
    }
    expectRead('GET /abc HTTP/1.1\r\nHost: h\r\n\r\n', 'GET /abc ""', { maxRequestLineBytes: 17 })
    expectRead('GET /abc HTTP/1.1\r\nHost: h\r\n\r\n', '!414', { maxRequestLineBytes: 16 })
  })
})

describe('RequestReader: target (RFC 9112 §3.2)', () => {
  test('refuses a target without a valid form, or with the form of another method', () => {
    for (const target of [
      '?x',
      'hello',
      'h:80',
      '*',
      'ftp://h/',
      'http:/h',
      'http://',
      'http://:80/',
      '/a#b',
    ]) {
      expectRefused(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, 400)
    }
  })

  test('accepts the absolute form, whose authority overrides Host', () => {
    for (const [target, path, host] of [
      ['http://e/x?y', '/x', 'e'],
      ['HTTP://e:81', '/', 'e:81'],
      ['https://[::1]/?q', '/', '[::1]'],
    ] as const) {
      const { requests } = readRequests([Buffer.from(`GET ${target} HTTP/1.1\r\nHost: other\r\n\r\n`)])
      expect(requests[0]?.head).toMatchObject({ path, host })
    }
  })

  test('requires Host together with the absolute form', () => {
    expectRefused('GET http://h/ HTTP/1.1\r\n\r\n', 400)
    expectRefused('GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n', 400)
  })

  test('accepts the authority form for CONNECT and the asterisk form for OPTIONS', () => {
    expectRead('CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n', 'CONNECT h:80 ""')
    expectRead('OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n', 'OPTIONS * ""')
    for (const target of ['/', 'h', 'h:', ':80', 'u@h:80', 'h:80/']) {
      expectRefused(`CONNECT ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, 400)
    }
  })

  test('reads a target that begins with two slashes as a path', () => {
    expect(
      readRequests([Buffer.from('GET //evil/x HTTP/1.1\r\nHost: h\r\n\r\n')]).requests[0]?.head,
    ).toMatchObject({ path: '//evil/x', host: 'h' })
  })
})

describe('RequestReader: field lines (RFC 9112 §5)', () => {
  test('refuses malformed field lines', () => {
    for (const line of [
      'X',
      'Content-Length 5',
      'Transfer-Encoding chunked',
      ': x',
      ':',
      'X : a',
      'X\t: a',
      'X\r: a',
      'X@: a',
      'X/: a',
      'X(): a',
      'X\xe9: a',
      'Content-Length\x85: 5',
      'Transfer-Encoding\xa0: chunked',
      '\x0bTransfer-Encoding: chunked',
      'Content-Length\0: 5',
      'Content\rLength: 5',
      ' X: a',
      '\tX: a',
      'A: b\r\n X: folded',
      'A: b\r\n\tX: folded',
      'X: a\r\n Content-Length: 5',
      'X: a\rY: b',
      'X: a\nY: b',
      'X: a\r\rY: b',
      'X: \0',
      'X: a\x7f',
      'X: a\x01b',
      'X: a\x0bb',
      'Transfer-Encoding:\r\n chunked',
    ]) {
      expectRefused(`GET / HTTP/1.1\r\nHost: h\r\n${line}\r\n\r\n`, 400)
    }
    expectRefused('GET / HTTP/1.1\r\n Host: h\r\n\r\n', 400)
    expectRefused('GET / HTTP/1.1\r\nHost: h\r\n\rX: y\r\n\r\n', 400)
    expectRefused('GET / HTTP/1.1\nHost: h\n\n', 400)
  })

  test('accepts empty values, blanks around and within values, 8-bit bytes and every token character', () => {
    const read = readRequests([
      Buffer.from(
        get(
          'A:',
          'B: ',
          'C:x',
          'D: \t x \t y \t',
          'E: a:b',
          'F: "q"',
          "!#$%&'*+-.^_`|~09azAZ: t",
          'G: \xe9\xff',
        ),
        'latin1',
      ),
    ])
    expect(read.requests[0]?.head.fields).toEqual([
      'Host',
      'h',
      'A',
      '',
      'B',
      '',
      'C',
      'x',
      'D',
      'x \t y',
      'E',
      'a:b',
      'F',
      '"q"',
      "!#$%&'*+-.^_`|~09azAZ",
      't',
      'G',
      '\xe9\xff',
    ])
  })

  test('treats names of Object.prototype as ordinary names', () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString']
    expectRead(
      `${get(...names.flatMap((name) => [`${name}: 1`, `${name}: 2`]))}${CANARY}`,
      `GET / ""${CANARY_READ}`,
    )
  })

  test('does not treat an underscore as a hyphen', () => {
    expectRead(`${get('Content_Length: 5', 'Transfer_Encoding: chunked')}${CANARY}`, `GET / ""${CANARY_READ}`)
  })

  test('refuses too large or too many fields with 431, before their end, and never truncates', () => {
    expect(summary(readRequests([Buffer.from(get(`Cookie: ${'c'.repeat(4096)}`))]))).toBe('GET / ""')
    expect(
      summary(readRequests([Buffer.from(get(...Array.from({ length: 100 }, (_, at) => `X${at}: y`)))])),
    ).toBe('GET / ""')
    const start = 'GET / HTTP/1.1\r\nHost: h\r\n'
    for (const long of [`X: ${'v'.repeat(1 << 20)}`, 'N'.repeat(1 << 20), 'X: y\r\n'.repeat(50_000)]) {
      expect(summary(readRequests([Buffer.from(start + long)]))).toBe('!431')
    }
    expectRead(get('A: 1', 'B: 2'), 'GET / ""', { maxFieldCount: 3 })
    expectRead(get('A: 1', 'B: 2', 'C: 3'), '!431', { maxFieldCount: 3 })
    expectRead(get('A: 1'), 'GET / ""', { maxHeadBytes: 17 })
    expectRead(get('A: 1'), '!431', { maxHeadBytes: 16 })
  })
})

describe('RequestReader: Host (RFC 9112 §3.2)', () => {
  test('requires one Host in HTTP/1.1, and accepts at most one in HTTP/1.0', () => {
    expectRefused('GET / HTTP/1.1\r\n\r\n', 400)
    expectRead('GET / HTTP/1.0\r\n\r\n', 'GET / ""')
    for (const version of ['1.0', '1.1']) {
      expectRefused(`GET / HTTP/${version}\r\nHost: h\r\nHost: h\r\n\r\n`, 400)
      expectRefused(`GET / HTTP/${version}\r\nHost: h\r\nhOST: g\r\n\r\n`, 400)
    }
  })

  test('accepts host and port, IPv6 literals and an empty value, and refuses all others', () => {
    for (const host of ['h:80', 'EXAMPLE.org', '[::1]', '[::1]:8080', '127.0.0.1:1', 'a%20b', 'h:', '']) {
      expectRead(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'GET / ""')
    }
    for (const host of [
      'a b',
      'h/',
      'u@h',
      'h?x',
      'h#x',
      'h\\x',
      'http://h',
      'h:x',
      'h:80:80',
      '[::1',
      '::1',
      'a%2',
      'a%zz',
      'h\xe9',
      '"h"',
      '<h>',
      'a\tb',

      'h:123456',
    ]) {
      expectRefused(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400)
    }
  })
})

describe('RequestReader: Content-Length (RFC 9112 §6.2)', () => {
  test('reads exactly that many bytes for any method, and no body without the field', () => {
    expectRead(`${post('Content-Length: 5', 'a\r\nbc')}${CANARY}`, `POST /p "a\r\nbc"${CANARY_READ}`)
    expectRead(`${post('Content-Length: \t 5 \t', 'abcde')}${CANARY}`, `POST /p "abcde"${CANARY_READ}`)
    expectRead(`${post('X: y')}${CANARY}`, `POST /p ""${CANARY_READ}`)
    expectRead(`${post('Content-Length: 0')}${CANARY}`, `POST /p ""${CANARY_READ}`)
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
      expectRead(
        `${method} / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc${CANARY}`,
        `${method} / "abc"${CANARY_READ}`,
      )
    }
  })

  test('refuses a length that is not all digits', () => {
    for (const value of [
      '+5',
      '-5',
      '-0',
      '0x5',
      '0_5',
      '5a',
      'five',
      '5 5',
      '5;a',
      '5e0',
      '5.0',
      '5\0',
      '\x0b5',
      '5\x0c',
      '\xa05',
      '5\x85',
      '\xd9\xa5',
      '\xb2',
      '"5"',
      '',
      ' \t',
      '5\r',
      '5\r0',
      ',5',
      '5,',
    ]) {
      expectRefused(post(`Content-Length: ${value}`, 'abcde'), 400)
    }
  })

  test('reads leading zeros as decimal', () => {
    expectRead(`${post('Content-Length: 010', '0123456789')}${CANARY}`, `POST /p "0123456789"${CANARY_READ}`)
  })

  test('refuses several lengths, equal or not', () => {
    for (const fields of [
      'Content-Length: 5\r\nContent-Length: 6',
      'Content-Length: 6\r\ncontent-length: 5',
      'Content-Length: 5, 6',
      'Content-Length: 5\r\nContent-Length: 5',
      'Content-Length: 5, 5',
      'Content-Length: 5\r\nContent-Length: 05',
      'Content-Length:\r\nContent-Length: 5',
    ]) {
      expectRefused(post(fields, 'abcdef'), 400)
    }
  })

  test('refuses a length beyond the limit with 413, however large', () => {
    for (const value of [
      '4294967301',
      '9007199254740997',
      '9223372036854775813',
      '18446744073709551621',
      '340282366920938463463374607431768211461',
      '9'.repeat(300),
    ]) {
      expectRefused(post(`Content-Length: ${value}`, 'abcde'), 413)
    }
    expectRead(post('Content-Length: 3', 'abc'), 'POST /p "abc"', { maxBodyBytes: 3 })
    expectRead(post('Content-Length: 4', 'abcd'), '!413', { maxBodyBytes: 3 })
  })
})

describe('RequestReader: Transfer-Encoding (RFC 9112 §6.1, §7.1)', () => {
  const chunked = (body: string, name: string = 'chunked'): string => post(`Transfer-Encoding: ${name}`, body)

  test('decodes chunks', () => {
    for (const name of ['chunked', 'CHUNKED', ' \tchunked\t ']) {
      expectRead(`${chunked('3\r\nabc\r\n0\r\n\r\n', name)}${CANARY}`, `POST /p "abc"${CANARY_READ}`)
    }
    expectRead(
      `${chunked('a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n')}${CANARY}`,
      `POST /p "01234567890123456789"${CANARY_READ}`,
    )
    expectRead(`${chunked('003\r\na\r\n\r\n0\r\n\r\n')}${CANARY}`, `POST /p "a\r\n"${CANARY_READ}`)
    const many = Buffer.from(`${chunked('1\r\nx\r\n'.repeat(10_000))}0\r\n\r\n`)
    expect(readRequests([many]).requests[0]?.body.length).toBe(10_000)
  })

  test('ignores well-formed extensions', () => {
    for (const extension of [
      ';a',
      ';a=b',
      ';a="b;c"',
      ';a="\\""',
      ';a;b=c;d="e"',
      ' ;a',
      '\t; a = b',
      ';a=""',
    ]) {
      expectRead(
        `${chunked(`3${extension}\r\nabc\r\n0${extension}\r\n\r\n`)}${CANARY}`,
        `POST /p "abc"${CANARY_READ}`,
      )
    }
  })

  test('keeps trailers apart from the headers', () => {
    const text = chunked('0\r\nContent-Length: 9\r\nHost: evil\r\nConnection: close\r\n\r\n') + CANARY
    for (const pieces of chunkings(text)) {
      const { requests } = readRequests(pieces)
      expect(requests.map(({ head, trailers }) => [head.path, head.persistent, trailers])).toEqual([
        ['/p', true, ['Content-Length', '9', 'Host', 'evil', 'Connection', 'close']],
        ['/canary', true, []],
      ])
    }
    for (const line of ['X:POST /x HTTP/1.1\r\n'])
      expectRead(`${chunked(`0\r\n${line}\r\n`)}${CANARY}`, `POST /p ""${CANARY_READ}`)
    for (const line of ['X', ' X: y', 'X : y', 'X: y\n', 'X: \0'])
      expectRefused(chunked(`0\r\n${line}\r\n\r\n`), 400, 'POST /p ""…')
  })

  test('refuses a malformed chunk size', () => {
    for (const size of [
      '',
      '0x5',
      '+5',
      '-5',
      ' 5',
      '0_5',
      '5g',
      'g',
      '5.0',
      '5,5',
      '5\x0b',
      '5\0',
      '5\xa0',
      '"5"',
      ';a',
      '5 x',
      '5#',
      '5 ',
      '5\r',
      '5\n',
      '5;a\n',
      '5\rX',
      '5;a="b',
      '5;a="b\r\n"',
      '5;=b',
      '5;a=',
      '5;',
      '5;a b',
      '5;a="\x01"',
    ]) {
      expectRefused(chunked(`${size}\r\nabcde\r\n0\r\n\r\n`), 400, 'POST /p ""…')
      expectRefused(chunked(`3\r\nabc\r\n${size.replace('5', '0')}\r\n\r\n`), 400, 'POST /p "abc"…')
    }
  })

  test('refuses a chunk size that overflows, with 413', () => {
    for (const size of [
      '100000005',
      '20000000000005',
      '8000000000000005',
      '10000000000000005',
      '100000000000000000000000000000005',
      'f'.repeat(32),
    ]) {
      expectRefused(chunked(`${size}\r\nabcde\r\n0\r\n\r\n`), 413, 'POST /p ""…')
    }
  })

  test('refuses data longer than its size, and anything but CRLF after it', () => {
    for (const end of ['\n', '\r', 'xx', '', 'd\r\n', '\r\r\n', '\r\n\r\n']) {
      expectRefused(chunked(`3\r\nabc${end}2\r\nde\r\n0\r\n\r\n`), 400, 'POST /p "abc"…')
    }
    for (const end of ['xx', '\n', '\rx']) expectRefused(chunked(`0\r\n${end}`), 400, 'POST /p ""…')
  })

  test('limits the extensions and the trailers of a message', () => {
    expect(summary(readRequests([Buffer.from(chunked(`3;${'a'.repeat(1 << 20)}`))]))).toBe('POST /p ""… !400')
    expect(
      readRequests([Buffer.from(chunked(`1;${'a'.repeat(1000)}\r\nx\r\n`.repeat(1000)))]).refused?.violation,
    ).toBe('chunk-extensions-too-large')
    expect(
      readRequests([Buffer.from(chunked(`${'0'.repeat(1000)}1\r\nx\r\n`.repeat(1000)))]).refused?.violation,
    ).toBe('chunk-extensions-too-large')
    expect(summary(readRequests([Buffer.from(chunked(`0\r\n${'X: y\r\n'.repeat(100_000)}`))]))).toBe(
      'POST /p ""… !431',
    )
    expect(summary(readRequests([Buffer.from(chunked(`0\r\nX: ${'y'.repeat(1 << 20)}`))]))).toBe(
      'POST /p ""… !431',
    )
  })

  test('refuses a chunked body once it exceeds the limit', () => {
    expectRead(chunked('3\r\nabc\r\n0\r\n\r\n'), 'POST /p "abc"', { maxBodyBytes: 3 })
    expectRead(chunked('3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n'), 'POST /p "abc"… !413', { maxBodyBytes: 3 })
  })

  test('refuses every coding other than chunked alone', () => {
    for (const coding of ['gzip', 'identity', 'pigeons', 'xchunked', 'chunkedx', 'gzip, chunked'])
      expectRefused(chunked('0\r\n\r\n', coding), 501)
    for (const coding of [
      '"chunked"',
      'chunked;q=1',
      'chun ked',
      '"chunked',
      'foo"',
      '[chunked]',
      '',
      'chunked\xa0',
      '\xa0chunked',
      'chunked\x85',
      '\xffchunked',
      'chunked\x0b',
      'chunked\x0c',
      'chunked, gzip',
      'chunked, identity',
      ',chunked',
      'chunked,',
      'chunked, chunked',
      'chunked\r\nTransfer-Encoding: chunked',
      'chunked\r\nTransfer-Encoding: identity',
      'chunked\r\nTransfer-Encoding:',
    ]) {
      expectRefused(chunked('0\r\n\r\n', coding), 400)
    }
  })

  test('refuses Transfer-Encoding with Content-Length, and in HTTP/1.0', () => {
    for (const coding of ['chunked', 'identity', '', 'x']) {
      expectRefused(post(`Transfer-Encoding: ${coding}\r\nContent-Length: 5`, '0\r\n\r\n'), 400)
      expectRefused(post(`Content-Length: 5\r\nTransfer-Encoding: ${coding}`, '0\r\n\r\n'), 400)
    }
    expectRefused(
      'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n',
      400,
    )
  })

  test('frames a body regardless of the Connection field', () => {
    for (const name of ['content-length', 'host', 'transfer-encoding']) {
      expectRead(
        `${post(`Connection: ${name}\r\nContent-Length: 3`, 'abc')}${CANARY}`,
        `POST /p "abc"${CANARY_READ}`,
      )
    }
  })
})

describe('RequestReader: persistence and expectations (RFC 9112 §9.3, RFC 9110 §10.1.1)', () => {
  const persistent = (version: string, ...values: string[]): boolean | undefined =>
    readRequests([
      Buffer.from(
        `GET / HTTP/${version}\r\nHost: h\r\n${values.map((value) => `Connection: ${value}\r\n`).join('')}\r\n`,
      ),
    ]).requests[0]?.head.persistent

  test('reads Connection as a list over all its lines', () => {
    expect(persistent('1.1')).toBe(true)
    for (const values of [
      ['close'],
      ['ClOsE'],
      ['foo, close'],
      ['foo,close'],
      ['foo', 'close'],
      [',, close ,'],
      ['foo\t,\tclose'],
      ['keep-alive, close'],
    ]) {
      expect(persistent('1.1', ...values), values.join('|')).toBe(false)
    }
    for (const values of [['not-close'], ['closed'], ['close-not'], ['"close"'], ['']])
      expect(persistent('1.1', ...values)).toBe(true)
    expect(persistent('1.0')).toBe(false)
    expect(persistent('1.0', 'Keep-Alive')).toBe(true)
    expect(persistent('1.0', 'keep-alive, close')).toBe(false)
  })

  test('reads a list with 262 144 blanks in linear time', () => {
    const head = get(`Connection: a${' '.repeat(1 << 18)}b`)
    const began = performance.now()
    readRequests([Buffer.from(head)], { maxHeadBytes: Infinity })
    // Quadratic time would take most of a minute.
    expect(performance.now() - began).toBeLessThan(2000)
  })

  test('detects a client that waits for 100 Continue, and refuses other expectations', () => {
    const expects = (text: string): boolean | undefined =>
      readRequests([Buffer.from(text)]).requests[0]?.head.expectsContinue
    expect(expects(post('Expect: 100-Continue\r\nContent-Length: 3'))).toBe(true)
    expect(expects(post('Expect: 100-continue\r\nTransfer-Encoding: chunked'))).toBe(true)
    expect(expects(post('Expect: 100-continue'))).toBe(false)
    expect(expects('POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')).toBe(false)
    for (const value of ['foo', 'y 100-continue', '100-continue, foo', ''])
      expectRefused(post(`Expect: ${value}\r\nContent-Length: 3`, 'abc'), 417)
  })
})
