import { describe, expect, test } from 'vitest'
import { CLOSE_CODE, WebSocketError, type WebSocketViolation } from '../src/errors.ts'
import { isCloseCode } from '../src/codec/close-frame.ts'

describe('WebSocketError', () => {
  test('has a close code that may be sent for every violation', () => {
    for (const violation of Object.keys(CLOSE_CODE) as WebSocketViolation[]) {
      const error = new WebSocketError(violation, 'x')
      expect(isCloseCode(error.closeCode)).toBe(true)
      expect(error.name).toBe('WebSocketError')
    }
  })
})
