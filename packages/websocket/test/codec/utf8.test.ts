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

describe('UTF8Validator with a fast check of whole characters', () => {
  test('has the results that it has without, for pieces of any length', () => {
    const text = fc.string({ unit: 'binary', minLength: 20, maxLength: 120 }).map((it) => Buffer.from(it))
    const damage = fc.option(fc.tuple(fc.nat(), fc.constantFrom(...EDGES)), { nil: undefined })
    fc.assert(
      fc.property(text, damage, fc.array(fc.nat(), { maxLength: 3 }), (bytes, damaged, cuts) => {
        if (damaged !== undefined) bytes[damaged[0] % bytes.length] = damaged[1]
        const places = [0, ...cuts.map((at) => at % bytes.length).toSorted((a, b) => a - b), bytes.length]
        const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        expect(accepts(pieces, isUtf8)).toBe(accepts(pieces))
      }),
      { numRuns: 5000 },
    )
  })

  test('holds a character that is cut at any place, and knows whether it is whole', () => {
    for (const character of ['ü', '€', '😀']) {
      const bytes = Buffer.from(character)
      for (let cut = 1; cut < bytes.length; cut++) {
        const validator = new UTF8Validator(isUtf8)
        expect(validator.accepts(Buffer.concat([Buffer.alloc(40, 'x'), bytes.subarray(0, cut)]))).toBe(true)
        expect(validator.complete).toBe(false)
        expect(validator.accepts(Buffer.concat([bytes.subarray(cut), Buffer.alloc(40, 'x')]))).toBe(true)
        expect(validator.complete).toBe(true)
      }
    }
  })
})

function accepts(pieces: Iterable<Uint8Array>, fast?: (data: Uint8Array) => boolean): boolean {
  const validator = new UTF8Validator(fast)
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
