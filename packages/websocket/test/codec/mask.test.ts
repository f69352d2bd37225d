import { describe, expect, test } from 'vitest'
import { mask, maskInto, turnKey } from '../../src/codec/mask.ts'

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 16, 95, 96, 97, 127, 128, 130, 1000, 1023, 1024, 1025, 1087, 1088, 5001]

describe('mask', () => {
  test('has the result of masking byte by byte, for every length, alignment and offset', () => {
    const key = Buffer.of(0x11, 0xfe, 0x80, 0x7f)
    for (const length of LENGTHS) {
      for (let start = 0; start < 5; start++) {
        for (let offset = 0; offset < 5; offset++) {
          const store = Buffer.alloc(length + 16, 0x5a)
          const data = store.subarray(start, start + length)
          mask(data, turnKey(key.readInt32LE(0), offset))
          const expected = Buffer.from(data.map((_, at) => 0x5a ^ (key[(at + offset) & 3] ?? 0)))
          expect(data.equals(expected)).toBe(true)
          expect(store.subarray(start + length).every((byte) => byte === 0x5a)).toBe(true)
        }
      }
    }
  })

  test('masks more bytes at once than the memory of WebAssembly has', () => {
    const data = Buffer.alloc(300_001, 0x5a)
    mask(data, 0x04030201)
    expect(data.every((byte, at) => byte === (0x5a ^ ((at & 3) + 1)))).toBe(true)
  })
})

describe('maskInto', () => {
  test('masks a copy of the bytes, and changes nothing else', () => {
    for (const length of [...LENGTHS, 131_072, 300_001]) {
      for (const key of [0, 0x04030201]) {
        const data = Buffer.alloc(length, 0x5a)
        const target = Buffer.alloc(length + 6)
        maskInto(data, key, target, 3)
        const expected = Buffer.from(data)
        mask(expected, key)
        expect(target.subarray(3, 3 + length).equals(expected)).toBe(true)
        expect([...target.subarray(0, 3), ...target.subarray(3 + length)]).toEqual([0, 0, 0, 0, 0, 0])
        expect(data.equals(Buffer.alloc(length, 0x5a))).toBe(true)
      }
    }
  })
})
