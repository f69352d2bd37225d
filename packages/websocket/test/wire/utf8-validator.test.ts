import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterASCII, UTF8Validator } from '../../src/wire/utf8-validator.ts'

describe('UTF8Validator', () => {
  test('agrees with the runtime about every sequence of up to two bytes, and many longer ones', () => {
    const agrees = (bytes: Uint8Array): boolean => {
      const validator = new UTF8Validator()
      return (validator.accepts(bytes) && validator.complete) === isUtf8(bytes)
    }
    for (let first = 0; first < 256; first++) {
      expect(agrees(Uint8Array.of(first))).toBe(true)
      for (let second = 0; second < 256; second++) {
        if (!agrees(Uint8Array.of(first, second))) expect([first, second]).toBe('agreed upon')
      }
    }
    const edge = fc.constantFrom(
      0x00,
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc2,
      0xdf,
      0xe0,
      0xe1,
      0xed,
      0xef,
      0xf0,
      0xf1,
      0xf4,
      0xf5,
      0xff,
    )
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 8 }), (bytes) => agrees(Uint8Array.from(bytes))),
      { numRuns: 5000 },
    )
  })

  test('knows where the ASCII characters end', () => {
    expect(afterASCII(Buffer.from('abcé'), 0)).toBe(3)
    expect(afterASCII(Buffer.from('abc'), 1)).toBe(3)
  })
})
