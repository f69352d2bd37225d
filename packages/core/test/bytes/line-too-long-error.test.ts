import { describe, expect, test } from 'vitest'
import { LineTooLongError } from '../../src/bytes/line-too-long-error.ts'

describe('LineTooLongError', () => {
  test('carries the limit', () => {
    const error = new LineTooLongError(80)
    expect(error.limitBytes).toBe(80)
    expect(error.message).toContain('first 80 bytes')
  })
})
