import { describe, expect, test } from 'vitest'
import { formatDate } from '../../src/message/date.ts'

describe('formatDate', () => {
  test('writes the fixed form of RFC 9110 §5.6.7', () => {
    expect(formatDate(784_111_777_000)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(formatDate(784_111_777_999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(formatDate(0)).toBe('Thu, 01 Jan 1970 00:00:00 GMT')
  })
})
