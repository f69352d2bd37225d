import { describe, expect, test } from 'vitest'
import { mask } from '../../src/codec/mask.ts'

describe('mask', () => {
  test('has the result of masking byte by byte, for every length, alignment and offset', () => {
    const key = Buffer.of(0x11, 0xfe, 0x80, 0x7f)
    for (const length of [0, 1, 2, 3, 4, 5, 7, 16, 95, 96, 97, 130, 1000]) {
      for (let start = 0; start < 5; start++) {
        for (let offset = 0; offset < 5; offset++) {
          const store = Buffer.alloc(length + 16, 0x5a)
          const data = store.subarray(start, start + length)
          mask(data, key.readInt32LE(0), offset)
          const expected = Buffer.from(data.map((_, at) => 0x5a ^ (key[(at + offset) & 3] ?? 0)))
          expect(data.equals(expected)).toBe(true)
          expect(store.subarray(start + length).every((byte) => byte === 0x5a)).toBe(true)
        }
      }
    }
  })
})
