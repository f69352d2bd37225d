import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RemoteProtocolError } from '../../src/errors.ts'
import { RESPONSE_LIMITS, type ResponseLimits } from '../../src/codec/limits.ts'
import { ResponseReader } from '../../src/codec/response-reader.ts'

interface Setup {
  readonly method?: string
  readonly limits?: Partial<ResponseLimits>
  /** Whether the input ends after the bytes. Default true. */
  readonly ends?: boolean
}

/** What is read, in one line: `(103) 200 "body" end`, `!malformed-chunk`, and the bytes left after `|`. */
function read(pieces: Iterable<Uint8Array>, { method = 'GET', limits = {}, ends = true }: Setup): string {
  const reader = new ResponseReader({ ...RESPONSE_LIMITS, ...limits }, method)
  const input = new ByteQueue()
  const seen: string[] = []
  let body = ''
  const take = (event: ReturnType<ResponseReader['next']>): void => {
    if (event?.type === 'interim') seen.push(`(${event.head.status})`)
    if (event?.type === 'head') seen.push(`${event.head.status}${event.head.switches ? ' switches' : ''}`)
    if (event?.type === 'data') body += event.data.toString('latin1')
    if (event?.type === 'end') seen.push(`"${body}" end`)
  }
  try {
    for (const piece of pieces) {
      input.push(piece)
      for (let event = reader.next(input); event !== undefined; event = reader.next(input)) take(event)
    }
    if (ends) take(reader.endOfInput())
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error
    seen.push(`!${error.violation}`)
    expect(reader.next(input)).toBeUndefined()
    expect(reader.endOfInput()).toBeUndefined()
    return seen.join(' ')
  }
  const unread = input.takeAll().toString('latin1')
  return `${seen.join(' ')}${unread === '' ? '' : ` |${unread}`}`
}

/** Expects the same result in every chunking of `text`, encoded as latin1. */
function expectRead(text: string, expected: string, setup: Setup = {}): void {
  for (const pieces of chunkings(Buffer.from(text, 'latin1')))
    expect(read(pieces, setup), JSON.stringify(text.slice(0, 200))).toBe(expected)
}

describe('ResponseReader: status line (RFC 9112 §4)', () => {
  test('reads the parts of the head', () => {
    const reader = new ResponseReader(RESPONSE_LIMITS, 'GET')
    const input = new ByteQueue()
    input.push(Buffer.from('HTTP/1.0 403 Kein Zutritt\t\xfc\r\nA: 1\r\nb:\t2 \r\n\r\nbody', 'latin1'))
    expect(reader.next(input)).toEqual({
      type: 'head',
      head: {
        version: '1.0',
        status: 403,
        reason: 'Kein Zutritt\t\xfc',
        fields: ['A', '1', 'b', '2'],
        framing: { kind: 'until-close' },
        switches: false,
      },
    })
  })

  test('accepts an empty reason, and a higher minor version as 1.1', () => {
    expectRead('HTTP/1.1 204 \r\n\r\n', '204 "" end')
    expectRead('HTTP/1.9 204 No\r\n\r\n', '204 "" end')
  })

  test.each([
    ['\r\nHTTP/1.1 200 OK\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 200\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1  200 OK\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 20 OK\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 099 Low\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 600 High\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 +10 OK\r\n\r\n', 'malformed-status-line'],
    ['HTTP/11 200 OK\r\n\r\n', 'malformed-status-line'],
    ['http/1.1 200 OK\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 200 OK\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 200 OK\rX: 1\r\n\r\n', 'malformed-status-line'],
    ['HTTP/1.1 200 O\0K\r\n\r\n', 'malformed-status-line'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'malformed-status-line'],
    ['HTTP/2.0 200 OK\r\n\r\n', 'unsupported-version'],
    ['HTTP/0.9 200 OK\r\n\r\n', 'unsupported-version'],
  ])('refuses %j', (text, violation) => {
    expectRead(text, `!${violation}`)
  })

  test('limits the line, at the limit and beyond it', () => {
    const limits = { maxStatusLineBytes: 20 }
    expectRead('HTTP/1.1 204 1234567\r\n\r\n', '204 "" end', { limits })
    expectRead('HTTP/1.1 204 12345678\r\n\r\n', '!status-line-too-long', { limits })
  })
})

describe('ResponseReader: fields (RFC 9112 §5)', () => {
  test.each([
    ['HTTP/1.1 204 N\r\nA : 1\r\n\r\n', 'malformed-field-line'],
    ['HTTP/1.1 204 N\r\nA: 1\r\n 2\r\n\r\n', 'malformed-field-line'],
    ['HTTP/1.1 204 N\r\nA: 1\n\r\n', 'malformed-field-line'],
    ['HTTP/1.1 204 N\r\n: 1\r\n\r\n', 'malformed-field-line'],
  ])('refuses %j', (text, violation) => {
    expectRead(text, `!${violation}`)
  })

  test('limits the number of fields, and their bytes', () => {
    const fields = (count: number): string => `HTTP/1.1 204 N\r\n${'A: 1\r\n'.repeat(count)}\r\n`
    expectRead(fields(100), '204 "" end')
    expectRead(fields(101), '!too-many-fields')
    // The section has six bytes in each line, and two in the empty line.
    expectRead(fields(3), '204 "" end', { limits: { maxHeadBytes: 20 } })
    expectRead(fields(3), '!head-too-large', { limits: { maxHeadBytes: 19 } })
  })
})

describe('ResponseReader: interim responses (RFC 9110 §15.2)', () => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'

  test('are read before the final one', () => {
    expectRead(`HTTP/1.1 100 Continue\r\n\r\n${hints}HTTP/1.1 204 No\r\n\r\n`, '(100) (103) 204 "" end')
  })

  test('are limited in number', () => {
    const limits = { maxInterimResponses: 2 }
    expectRead(`${hints}${hints}HTTP/1.1 204 No\r\n\r\n`, '(103) (103) 204 "" end', { limits })
    expectRead(`${hints}${hints}${hints}`, '(103) (103) !too-many-interim-responses', { limits })
  })

  test('are not the end of the response', () => {
    expectRead(hints, '(103) !truncated')
  })
})

describe('ResponseReader: switches (RFC 9110 §15.2.2, §9.3.6)', () => {
  test('leaves the bytes after a 101 in the queue, whatever its fields', () => {
    expectRead('HTTP/1.1 101 S\r\nContent-Length: 5\r\n\r\n\x81\x01x', '101 switches |\x81\x01x')
  })

  test('leaves the bytes after the 2xx of a CONNECT in the queue', () => {
    const setup = { method: 'CONNECT' }
    expectRead('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nrest', '200 switches |rest', setup)
    expectRead('HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx', '407 "x" end', setup)
    expectRead('HTTP/1.1 101 S\r\n\r\n', '!unexpected-switch', setup)
  })
})

describe('ResponseReader: bodies (RFC 9112 §6.3)', () => {
  test('end after their length', () => {
    expectRead('HTTP/1.1 403 F\r\nContent-Length: 4\r\n\r\nbodyrest', '403 "body" end |rest')
    expectRead('HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n', '403 "" end')
    expectRead('HTTP/1.1 403 F\r\nContent-Length: 4\r\n\r\nbod', '403 !truncated')
  })

  test('end with the last chunk', () => {
    const head = 'HTTP/1.1 403 F\r\nTransfer-Encoding: chunked\r\n\r\n'
    expectRead(`${head}2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\nT: 1\r\n\r\n`, '403 "body" end')
    expectRead(`${head}2\r\nbo\r\n`, '403 !truncated')
    expectRead(`${head}2\r\nbody`, '403 !malformed-chunk')
  })

  test('end with the connection when nothing else ends them', () => {
    expectRead('HTTP/1.1 403 F\r\n\r\nbody', '403 "body" end')
    expectRead('HTTP/1.1 403 F\r\n\r\nbody', '403', { ends: false })
  })

  test('do not exist for a HEAD, a 204 and a 304', () => {
    expectRead('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n', '200 "" end', { method: 'HEAD' })
    expectRead('HTTP/1.1 304 N\r\nContent-Length: 4\r\n\r\n', '304 "" end')
  })

  test.each([
    ['Content-Length: 4\r\nTransfer-Encoding: chunked', 'ambiguous-framing'],
    ['Content-Length: 4\r\nContent-Length: 4', 'ambiguous-framing'],
    ['Content-Length: +4', 'malformed-content-length'],
    ['Transfer-Encoding: gzip', 'unsupported-transfer-encoding'],
  ])('are refused with %j', (fields, violation) => {
    expectRead(`HTTP/1.1 403 F\r\n${fields}\r\n\r\nbody`, `!${violation}`)
  })
})

describe('ResponseReader', () => {
  test('refuses an end before the response, and within its head', () => {
    expectRead('', '!truncated')
    expectRead('HTTP/1.1 2', '!truncated')
    expectRead('HTTP/1.1 200 OK\r\nA: 1\r\n', '!truncated')
  })

  test('returns events or a RemoteProtocolError for any bytes', () => {
    const start = fc.constantFrom(
      '',
      'HTTP/1.1 ',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 40 }), (head, bytes) => {
        const all = Buffer.concat([Buffer.from(head), bytes])
        const whole = read([all], {})
        expect(
          read(
            Array.from(all, (byte) => Buffer.of(byte)),
            {},
          ),
        ).toBe(whole)
      }),
      { numRuns: 300 },
    )
  })
})
