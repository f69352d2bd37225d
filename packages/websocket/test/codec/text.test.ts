import { describe, expect, test } from 'vitest'
import { WebSocketError } from '../../src/errors.ts'
import { decodeText } from '../../src/codec/text.ts'

describe('decodeText', () => {
  test('decodes short and long text, and keeps a byte order mark', () => {
    for (const text of ['', 'short', 'x'.repeat(1000), 'ü'.repeat(10), '\ufeffmarked', '😀'.repeat(300)]) {
      expect(decodeText(Buffer.from(text))).toBe(text)
    }
  })

  test('refuses what is not UTF-8', () => {
    expect(() => decodeText(Buffer.of(0x61, 0xff))).toThrow(WebSocketError)
    expect(() => decodeText(Buffer.concat([Buffer.alloc(500, 'a'), Buffer.of(0xe2, 0x82)]))).toThrow(
      WebSocketError,
    )
  })
})
