import { describe, expect, test } from 'vitest'
import { checkWebSocketLimits, DEFAULT_WEBSOCKET_LIMITS } from '../../src/codec/limits.ts'

describe('checkWebSocketLimits', () => {
  test('accepts the defaults, limits of 1, and Infinity', () => {
    for (const limits of [
      DEFAULT_WEBSOCKET_LIMITS,
      { maxMessageBytes: 1, maxFrameBytes: 1 },
      { maxMessageBytes: Infinity, maxFrameBytes: Infinity },
    ]) {
      expect(() => checkWebSocketLimits(limits)).not.toThrow()
    }
  })

  test('refuses values that are not a whole number of at least 1', () => {
    for (const name of ['maxMessageBytes', 'maxFrameBytes']) {
      const check = (value: unknown) => () =>
        checkWebSocketLimits({ ...DEFAULT_WEBSOCKET_LIMITS, [name]: value })
      for (const value of [undefined, null, '1000', 1000n]) {
        expect(check(value), String(value)).toThrow(TypeError)
        expect(check(value)).toThrow(`Cannot take ${name}`)
      }
      for (const value of [0, 0.5, 1000.5, -1, NaN, -Infinity]) {
        expect(check(value), String(value)).toThrow(RangeError)
        expect(check(value)).toThrow(`Cannot take ${name} ${value} for a WebSocket`)
      }
    }
  })
})
