import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../../src/codec/limits.ts'
import { WholeHeadScanner } from '../../src/codec/whole-head.ts'
import { readRequests } from './read-requests.ts'

/** Pieces of heads, right and wrong. */
const PIECES = [
  'GET ',
  'POST ',
  'HEAD ',
  'OPTIONS ',
  'G',
  ' ',
  '/',
  '/a?b',
  '*',
  ' HTTP/1.1\r\n',
  ' HTTP/1.0\r\n',
  ' HTTP/1.9\r\n',
  ' HTTP/2.0\r\n',
  'HTTP/1.',
  'Host: h\r\n',
  'X:\t y \t\r\n',
  'X: \xff\r\n',
  'Y:\r\n',
  '\r\n',
  '\r',
  '\n',
  ':',
  'a',
  '\t',
  '\0',
  '\x7f',
  '\xe4',
  'Content-Length: 0\r\n',
  'X : y\r\n',
  ' fold\r\n',
]
const heads = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }),
  fc.tuple(
    fc.constantFrom('GET / HTTP/1.1\r\nHost: h\r\n'),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }).map((pieces) => pieces.join('')),
    fc.constant('\r\n'),
  ),
)
const limits = fc.record({
  maxRequestLineBytes: fc.constantFrom(8192, 14, 13, 20),
  maxHeadBytes: fc.constantFrom(16_384, 11, 12, 30),
  maxFieldCount: fc.constantFrom(128, 1, 2),
})

/** Reads the first head byte by byte, so that the other scanners find it. */
function readInParts(text: string, limited: Partial<HTTPLimits>): object | undefined {
  const bytes = Array.from(Buffer.from(text, 'latin1'), (byte) => Buffer.of(byte))
  const head = readRequests(bytes, limited).requests[0]?.head
  return head && { method: head.method, target: head.target, version: head.version, fields: head.fields }
}

function find(text: string, limited: Partial<HTTPLimits> = {}): object | undefined {
  const scanner = new WholeHeadScanner()
  const bytes = Buffer.from(`before${text}`, 'latin1')
  if (!scanner.find(bytes, 6, { ...DEFAULT_HTTP_LIMITS, ...limited })) return undefined
  const head = scanner.text(bytes)
  expect(head).toHaveLength(scanner.bytes)
  const { version } = scanner
  return {
    method: scanner.method(head),
    target: scanner.target(head),
    version,
    fields: scanner.fields(head),
  }
}

describe('WholeHeadScanner', () => {
  test('finds the parts of a head', () => {
    expect(find('PUT /a?b HTTP/1.0\r\nHost: h\r\nX:  y z \r\nY:\r\n\r\nrest')).toEqual({
      method: 'PUT',
      target: '/a?b',
      version: '1.0',
      fields: ['Host', 'h', 'X', 'y z', 'Y', ''],
    })
  })

  test('finds no head that is cut', () => {
    const head = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
    for (let length = 0; length < head.length; length++) expect(find(head.slice(0, length))).toBeUndefined()
    expect(find(head)).toBeDefined()
  })

  test('leaves a head of more than 128 fields to the other scanners', () => {
    const head = (fields: number): string => `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(fields)}\r\n`
    expect(find(head(128), { maxFieldCount: 200 })).toBeDefined()
    expect(find(head(129), { maxFieldCount: 200 })).toBeUndefined()
  })

  test('finds the same as the other scanners, and every head that they read and that does not begin with empty lines', () => {
    fc.assert(
      fc.property(heads, limits, (pieces, limited) => {
        const text = pieces.join('')
        const inParts = readInParts(text, limited)
        if (inParts !== undefined && !text.startsWith('\r')) expect(find(text, limited)).toEqual(inParts)
        // A head whose syntax is valid may be refused later, for its meaning.
        else if (inParts !== undefined) expect(find(text, limited)).toBeUndefined()
      }),
      { numRuns: 5000 },
    )
  })

  test('finds no head whose syntax the other scanners refuse', () => {
    fc.assert(
      fc.property(heads, limits, (pieces, limited) => {
        const text = pieces.join('')
        const scanner = new WholeHeadScanner()
        if (!scanner.find(Buffer.from(text, 'latin1'), 0, { ...DEFAULT_HTTP_LIMITS, ...limited })) return
        const head = Buffer.from(text.slice(0, scanner.bytes), 'latin1')
        const { refused } = readRequests(
          Array.from(head, (byte) => Buffer.of(byte)),
          limited,
        )
        expect(BY_SYNTAX).not.toContain(refused?.violation)
      }),
      { numRuns: 5000 },
    )
  })
})

const BY_SYNTAX = [
  'malformed-request-line',
  'malformed-field-line',
  'malformed-version',
  'head-too-large',
  'too-many-fields',
  'request-line-too-long',
  'method-too-long',
]
