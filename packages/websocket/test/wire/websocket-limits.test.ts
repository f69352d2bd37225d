import { describe, expect, test } from 'vitest'
import {
  checkWebSocketLimits,
  DEFAULT_WEBSOCKET_LIMITS,
  type WebSocketLimits,
} from '../../src/wire/websocket-limits.ts'

describe('checkWebSocketLimits', () => {
  test('allows the defaults, the smallest limits, and none', () => {
    for (const limits of [
      DEFAULT_WEBSOCKET_LIMITS,
      { maxMessageBytes: 1, maxFrameBytes: 1 },
      { maxMessageBytes: Infinity, maxFrameBytes: Infinity },
    ]) {
      expect(() => checkWebSocketLimits(limits)).not.toThrow()
    }
  })

  test('refuses what would not limit, or let nothing pass', () => {
    for (const value of [0, -1, NaN, undefined, null, '1000', -Infinity]) {
      for (const name of ['maxMessageBytes', 'maxFrameBytes']) {
        const limits = { ...DEFAULT_WEBSOCKET_LIMITS, [name]: value } as WebSocketLimits
        expect(() => checkWebSocketLimits(limits)).toThrow(RangeError)
        expect(() => checkWebSocketLimits(limits)).toThrow(`Cannot use ${value} as ${name}`)
      }
    }
  })

  test('messages of up to 1 MiB are accepted unless told otherwise', () => {
    expect(DEFAULT_WEBSOCKET_LIMITS).toEqual({ maxMessageBytes: 1_048_576, maxFrameBytes: Infinity })
  })
})
