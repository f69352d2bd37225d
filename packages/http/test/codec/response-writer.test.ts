import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { ChunkedReader } from '../../src/codec/chunked-reader.ts'
import { FieldScanner } from '../../src/codec/field-scanner.ts'
import { DEFAULT_HTTP_LIMITS } from '../../src/codec/limits.ts'
import {
  CHUNK_END,
  chunkHead,
  HeadWriter,
  LAST_CHUNK,
  responseHead,
} from '../../src/codec/response-writer.ts'
import { readBody } from './body-readers.ts'

function headersOf(fields: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers()
  for (const [name, value] of fields) headers.addRawHeader(name, value)
  return headers
}

/** Generates strings of allowed characters. */
function text(allowed: RegExp, minLength: number): fc.Arbitrary<string> {
  const chars = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((char) =>
    allowed.test(char),
  )
  return fc.string({ unit: fc.constantFrom(...chars), minLength, maxLength: 12 })
}

const fields = fc.array(fc.tuple(text(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/, 1), text(/[\t\x20-\x7e\x80-\xff]/, 0)), {
  maxLength: 8,
})

/** Returns written fields as a reader returns them: without the blanks around a value. */
function asRead(written: readonly (readonly [string, string])[]): string[] {
  return written.flatMap(([name, value]) => [name, value.replace(/^[\t ]+/, '').replace(/[\t ]+$/, '')])
}

describe('HeadWriter', () => {
  test('writes what responseHead does, whatever it has written before', () => {
    const part = <T>(...parts: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...parts)
    const field = part(['A', '1'] as const, ['A', '2'] as const, ['a', '1'] as const, ['B', ''] as const)
    const head = fc.record({
      code: part(200, 404),
      fields: fc.array(field, { maxLength: 2 }),
      typeLine: part('', 'C: 3\r\n'),
      dateLine: part('', 'C: 3\r\n', 'D: 4\r\n'),
      pageLines: part('', 'D: 4\r\n'),
    })
    fc.assert(
      fc.property(fc.array(head, { minLength: 1, maxLength: 12 }), (heads) => {
        const writer = new HeadWriter()
        for (const { code, fields: given, typeLine, dateLine, pageLines } of heads) {
          const headers = headersOf(given)
          const written = `${writer.write({ code, headers, typeLine, dateLine, pageLines })}\r\n`
          expect(written).toBe(responseHead(code, undefined, headers, typeLine + dateLine + pageLines))
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('notices a change of headers that it has written', () => {
    const writer = new HeadWriter()
    const headers = headersOf([['A', '1']])
    const write = (): string => writer.write({ code: 200, headers, dateLine: '' })
    write()
    headers.addRawHeader('B', '2')
    expect(write()).toBe('HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n')
    headers.removeHeader('A')
    expect(write()).toBe('HTTP/1.1 200 OK\r\nB: 2\r\n')
  })
})

describe('responseHead', () => {
  test('writes status line, fields and framing', () => {
    const headers = headersOf([
      ['A', '1'],
      ['a', '2'],
    ])
    expect(responseHead(200, undefined, headers, 'B: 3\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nB: 3\r\n\r\n',
    )
    expect(responseHead(799, 'Weird', new Headers(), '')).toBe('HTTP/1.1 799 Weird\r\n\r\n')
    expect(responseHead(599, undefined, new Headers(), '')).toBe('HTTP/1.1 599 Unknown Status\r\n\r\n')
  })

  test('writes characters outside ASCII as latin1 bytes', () => {
    expect(responseHead(200, undefined, headersOf([['A', '\xe9']]), '')).toEqual(
      Buffer.from('HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n', 'latin1'),
    )
    expect(responseHead(200, '\xfc', new Headers(), '')).toEqual(
      Buffer.from('HTTP/1.1 200 \xfc\r\n\r\n', 'latin1'),
    )
  })

  test('writes fields that are read as they were set', () => {
    fc.assert(
      fc.property(fields, (written) => {
        const head = Buffer.from(responseHead(204, undefined, headersOf(written), ''))
        const start = head.indexOf('\n') + 1
        const scanner = new FieldScanner({ maxBytes: 4096, maxCount: 8, tooLarge: 'head-too-large' })
        scanner.reset(start)
        expect(scanner.scan(head, start)).toBe(head.length)
        expect(scanner.fields(head.toString('latin1'))).toEqual(asRead(written))
      }),
    )
  })
})

describe('chunks', () => {
  test('are framed by their size in hexadecimal', () => {
    expect(chunkHead(255) + CHUNK_END + LAST_CHUNK).toBe('ff\r\n\r\n0\r\n\r\n')
  })

  test('are read as they were written, in any chunking', () => {
    const piece = fc.uint8Array({ minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 3 }), (pieces) => {
        const chunks = pieces.flatMap((data) => [chunkHead(data.length), data, CHUNK_END])
        const wire = [...chunks, LAST_CHUNK, 'GET'].map((part) => Buffer.from(part as string))
        const expected = {
          body: Buffer.concat(pieces).toString('latin1'),
          trailers: [],
          unread: 'GET',
        }
        for (const cut of chunkings(Buffer.concat(wire))) {
          expect(readBody(new ChunkedReader(DEFAULT_HTTP_LIMITS), cut)).toEqual(expected)
        }
      }),
      { numRuns: 30 },
    )
  })
})
