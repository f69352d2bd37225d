import { describe, expect, test } from 'vitest'
import { closePayload, isCloseCode, readClose } from '../../src/codec/close-frame.ts'

describe('readClose', () => {
  test('reads the payloads that closePayload makes', () => {
    for (const frame of [
      { code: undefined, reason: '' },
      { code: 1000, reason: '' },
      { code: 1011, reason: 'why' },
      { code: 4999, reason: 'ü'.repeat(61) },
    ]) {
      expect(readClose(closePayload(frame))).toEqual(frame)
    }
  })

  test('refuses a code of one byte, a code that must not be sent, and a reason that is not UTF-8', () => {
    const refusals = [
      [Buffer.of(3), 'malformed-close'],
      [Buffer.of(3, 0xed), 'malformed-close'],
      [Buffer.of(0, 0), 'malformed-close'],
      [Buffer.of(3, 0xe8, 0xff), 'invalid-utf8'],
    ] as const
    for (const [payload, violation] of refusals) {
      expect(() => readClose(payload)).toThrow(expect.objectContaining({ violation }))
    }
  })
})

describe('closePayload', () => {
  test('returns the code in two bytes and the reason in UTF-8', () => {
    expect(closePayload({ code: undefined, reason: '' })).toEqual(Uint8Array.of())
    expect(closePayload({ code: 1000, reason: 'ü' })).toEqual(Uint8Array.of(0x03, 0xe8, 0xc3, 0xbc))
  })

  test('accepts a reason of 123 bytes, and refuses 124', () => {
    expect(closePayload({ code: 1000, reason: 'x'.repeat(123) }).length).toBe(125)
    expect(() => closePayload({ code: 1000, reason: 'x'.repeat(124) })).toThrow(RangeError)
    expect(() => closePayload({ code: 1000, reason: 'ü'.repeat(62) })).toThrow('of 124 bytes')
  })

  test('refuses a reason without a code', () => {
    expect(() => closePayload({ code: undefined, reason: 'why' })).toThrow(RangeError)
  })

  test('refuses codes that must not be sent', () => {
    for (const code of [0, 999, 1000.5, 1004, 1005, 1006, 1015, 2999, 5000]) {
      expect(() => closePayload({ code, reason: '' })).toThrow(`Cannot close with code ${code}`)
    }
  })
})

describe('isCloseCode', () => {
  test('accepts the codes that a close frame may carry, and no others', () => {
    const allowed = Array.from({ length: 5100 }, (_, code) => code).filter(isCloseCode)
    const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    expect(allowed.filter((code) => code < 3000)).toEqual(registered)
    expect(allowed.length).toBe(registered.length + 2000)
  })
})
