import { describe, expect, test } from 'vitest'
import { closePayload, readClose } from '../../src/codec/close-frame.ts'

describe('readClose', () => {
  test('reads what closePayload makes', () => {
    for (const frame of [
      { code: undefined, reason: '' },
      { code: 1000, reason: '' },
      { code: 1011, reason: 'why' },
      { code: 4999, reason: 'ü'.repeat(61) },
    ]) {
      expect(readClose(closePayload(frame))).toEqual(frame)
    }
  })

  test('refuses half a code, a code that no frame carries, and a reason that is not text', () => {
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
  test('is the code in two bytes and the reason in UTF-8', () => {
    expect(closePayload({ code: undefined, reason: '' })).toEqual(Buffer.of())
    expect(closePayload({ code: 1000, reason: 'ü' })).toEqual(Buffer.of(0x03, 0xe8, 0xc3, 0xbc))
  })

  test('holds 123 bytes of reason, and refuses 124', () => {
    expect(closePayload({ code: 1000, reason: 'x'.repeat(123) }).length).toBe(125)
    expect(() => closePayload({ code: 1000, reason: 'x'.repeat(124) })).toThrow(RangeError)
    expect(() => closePayload({ code: 1000, reason: 'ü'.repeat(62) })).toThrow('of 124 bytes')
  })

  test('refuses a reason without a code, which no frame can carry', () => {
    expect(() => closePayload({ code: undefined, reason: 'why' })).toThrow(RangeError)
  })

  test('refuses codes that may not be sent', () => {
    for (const code of [0, 999, 1000.5, 1004, 1005, 1006, 1015, 2999, 5000]) {
      expect(() => closePayload({ code, reason: '' })).toThrow(`Cannot close with code ${code}`)
    }
  })
})
