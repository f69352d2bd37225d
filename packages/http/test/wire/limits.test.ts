import { describe, expect, test } from 'vitest'
import { DEFAULT_HTTP_LIMITS } from '../../src/wire/limits.ts'

describe('DEFAULT_HTTP_LIMITS', () => {
  test('bounds everything, and no looser than the documentation says', () => {
    expect(DEFAULT_HTTP_LIMITS).toEqual({
      maxRequestLineBytes: 8192,
      maxHeadBytes: 16_384,
      maxFieldCount: 128,
      maxBodyBytes: 1_048_576,
      maxChunkExtensionBytes: 16_384,
      maxTrailerBytes: 16_384,
    })
  })
})
