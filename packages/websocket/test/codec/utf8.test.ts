import fc from 'fast-check'
import { isUtf8 } from 'node:buffer'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { decodeText, UTF8Validator } from '../../src/codec/utf8.ts'
import { WebSocketError } from '../../src/errors.ts'

describe('UTF8Validator', () => {
  test('accepts the pairs of bytes that can begin a text, and no others', () => {
    const pairs = Array.from({ length: 65_536 }, (_, pair) => Uint8Array.of(pair >> 8, pair & 0xff))
    expect(pairs.filter((bytes) => accepts([bytes]) !== beginsText(bytes))).toEqual([])
  })

  test('accepts the beginnings of text and nothing else, under every cut', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EDGES), { maxLength: 12 }), (array) => {
        const bytes = Uint8Array.from(array)
        const expected = beginsText(bytes)
        for (const pieces of chunkings(bytes)) expect(accepts(pieces)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('accepts characters of every length, under every cut', () => {
    const text =
      'Hello-µ@ßöäüàá-UTF-8!! \u0000 \u{80} \u{7ff} \u{800} \ud7ff \ue000 \uffff \u{10000} \u{10ffff} 😀'
    for (const pieces of chunkings(text)) expect(accepts(pieces)).toBe(true)
  })

  test('finds an invalid byte at any place among ASCII', () => {
    for (let at = 0; at < 70; at++) {
      const bytes = Buffer.alloc(70, 'x')
      expect(accepts([bytes])).toBe(true)
      bytes[at] = 0x80
      expect(accepts([bytes])).toBe(false)
    }
  })
})

function accepts(pieces: Iterable<Uint8Array>): boolean {
  const validator = new UTF8Validator()
  for (const piece of pieces) if (!validator.accepts(piece)) return false
  return true
}

/**
 * Whether `bytes` are text, or become text with a few more bytes. It tries several tails with Node's isUtf8.
 */
function beginsText(bytes: Uint8Array): boolean {
  return TAILS.some((tail) => isUtf8(Buffer.concat([bytes, tail])))
}

/** One of these completes any character that can be completed. */
const TAILS = [[], [0x80], [0xa0], [0x80, 0x80], [0xa0, 0x80], [0x80, 0x80, 0x80], [0xa0, 0x80, 0x80]].map(
  (tail) => Uint8Array.from(tail),
)

/** Bytes on both sides of every boundary in the table of RFC 3629 §4. */
const EDGES = Buffer.from('00417f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff', 'hex')

describe('decodeText', () => {
  test('decodes short and long text, and keeps a byte order mark', () => {
    for (const text of ['', 'short', 'x'.repeat(1000), 'ü'.repeat(10), '\ufeffmarked', '😀'.repeat(300)]) {
      expect(decodeText(Buffer.from(text))).toBe(text)
    }
  })

  test('refuses bytes that are not UTF-8', () => {
    expect(() => decodeText(Buffer.of(0x61, 0xff))).toThrow(WebSocketError)
    expect(() => decodeText(Buffer.concat([Buffer.alloc(500, 'a'), Buffer.of(0xe2, 0x82)]))).toThrow(
      WebSocketError,
    )
  })
})
