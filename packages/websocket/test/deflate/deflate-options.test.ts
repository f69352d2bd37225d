import { describe, expect, test } from 'vitest'
import { webSocketOptions } from '../../src/connection/websocket-options.ts'
import { DEFAULT_DEFLATE_OPTIONS, deflateOptions } from '../../src/deflate/deflate-options.ts'

describe('deflateOptions', () => {
  test('fills in the defaults; false means no compression', () => {
    expect(deflateOptions(false)).toBeUndefined()
    expect(deflateOptions(true)).toBe(DEFAULT_DEFLATE_OPTIONS)
    expect(deflateOptions({ level: 1, memLevel: undefined })).toEqual({
      ...DEFAULT_DEFLATE_OPTIONS,
      level: 1,
    })
  })

  test('names the option that is wrong', () => {
    const refused =
      (deflate: unknown): (() => unknown) =>
      () =>
        webSocketOptions('WebSocketResource', { deflate: deflate as boolean })
    for (const deflate of [true, false, {}, { level: 9 }, { thresholdBytes: Infinity }])
      expect(refused(deflate)).not.toThrow()
    expect(refused('yes')).toThrow(
      'Cannot take deflate "yes" for WebSocketResource: give true, false or an object, such as { level: 3 }',
    )
    expect(refused({ serverMaxWindowBits: 7 })).toThrow(
      'Cannot take deflate.serverMaxWindowBits 7 for WebSocketResource',
    )
    expect(refused({ clientMaxWindowBits: 16 })).toThrow(RangeError)
    expect(refused({ level: 0 })).toThrow(RangeError)
    expect(refused({ memLevel: 10 })).toThrow(RangeError)
    expect(refused({ maxDeflaters: 0 })).toThrow(RangeError)
    expect(refused({ treshold: 1 })).toThrow(TypeError)
    expect(refused(null)).toThrow(TypeError)
  })
})
