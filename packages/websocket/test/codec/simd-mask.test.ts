import { describe, expect, test } from 'vitest'
import { simdMask } from '../../src/codec/simd-mask.ts'

describe('simdMask', () => {
  test('masks bytes of any number as bytes are masked one by one, on Node', () => {
    const simd = simdMask()
    for (const length of [0, 1, 63, 64, 65, 95, 131_071, 131_072, 131_073, 262_145]) {
      const data = Buffer.alloc(length, 0x5a)
      const target = Buffer.alloc(length)
      simd?.maskInto(data, -0x7bfcfdff, target, 0)
      expect(target.every((byte, at) => byte === (0x5a ^ ([1, 2, 3, 0x84][at & 3] ?? 0)))).toBe(true)
    }
    expect(simd).toBeDefined()
  })

  test('returns undefined where WebAssembly is missing', () => {
    const property = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly') ?? {}
    try {
      Reflect.deleteProperty(globalThis, 'WebAssembly')
      expect(simdMask()).toBeUndefined()
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', property)
    }
  })
})
