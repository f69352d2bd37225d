import { describe, expect, test } from 'vitest'
import { isCloseCode } from '../../src/codec/close-code.ts'

describe('isCloseCode', () => {
  test('allows what a frame may carry', () => {
    const allowed = Array.from({ length: 5100 }, (_, code) => code).filter(isCloseCode)
    const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    expect(allowed.filter((code) => code < 3000)).toEqual(registered)
    expect(allowed.length).toBe(registered.length + 2000)
  })
})
