import { describe, expect, test } from 'vitest'
import { DEFAULT_WEBSOCKET_OPTIONS } from '../src/websocket-options.ts'

describe('DEFAULT_WEBSOCKET_OPTIONS', () => {
  test('bounds messages and closing, and lets only pages of the same origin in', () => {
    expect(DEFAULT_WEBSOCKET_OPTIONS).toMatchObject({
      maxMessageBytes: 1_048_576,
      closeTimeoutMs: 5000,
      origins: 'same',
    })
  })
})
