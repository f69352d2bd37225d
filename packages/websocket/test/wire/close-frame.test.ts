import { describe, expect, test } from 'vitest'
import { WebSocketError } from '../../src/errors.ts'
import { closePayload, readClose } from '../../src/wire/close-frame.ts'

describe('readClose and closePayload', () => {
  test('read what was written', () => {
    for (const frame of [
      { code: undefined, reason: '' },
      { code: 1000, reason: '' },
      { code: 4999, reason: 'ü'.repeat(61) },
    ]) {
      expect(readClose(closePayload(frame))).toEqual(frame)
    }
  })

  test('refuse codes and reasons that are none', () => {
    expect(() => readClose(Buffer.of(3))).toThrow(WebSocketError)
    expect(() => readClose(Buffer.of(3, 0xed))).toThrow('code 1005')
    expect(() => closePayload({ code: 1006, reason: '' })).toThrow(RangeError)
    expect(() => closePayload({ code: 1000, reason: 'x'.repeat(124) })).toThrow(RangeError)
  })
})
