import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDate, formatISODate, formatLogDate, parseDate } from '../../src/message/date.ts'

const NOW_MS = Date.UTC(2026, 10, 23)

describe('formatDate', () => {
  test('writes an IMF-fixdate (RFC 9110 §5.6.7)', () => {
    expect(formatDate(784_111_777_000)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(formatDate(784_111_777_999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(formatDate(0)).toBe('Thu, 01 Jan 1970 00:00:00 GMT')
  })
})

describe('parseDate', () => {
  test('reads the same time in all three formats', () => {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      expect(parseDate(text, NOW_MS), text).toBe(784_111_777_000)
    }
  })

  test('reads what formatDate writes', () => {
    const second = fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(10_000, 0) - 1 })
    fc.assert(
      fc.property(second, (ms) => {
        expect(parseDate(formatDate(ms), NOW_MS)).toBe(Math.floor(ms / 1000) * 1000)
      }),
    )
  })

  test('reads a two-digit year as one at most 50 years ahead', () => {
    expect(parseDate('Wednesday, 01-Jan-76 00:00:00 GMT', NOW_MS)).toBe(Date.UTC(2076, 0))
    expect(parseDate('Saturday, 01-Jan-77 00:00:00 GMT', NOW_MS)).toBe(Date.UTC(1977, 0))
    expect(parseDate('Saturday, 01-Jan-00 00:00:00 GMT', NOW_MS)).toBe(Date.UTC(2000, 0))
  })

  test('reads leap days and leap seconds', () => {
    expect(parseDate('Thu, 29 Feb 2024 00:00:00 GMT', NOW_MS)).toBe(Date.UTC(2024, 1, 29))
    expect(parseDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW_MS)).toBe(Date.UTC(2017, 0))
  })

  test('returns undefined for any other text', () => {
    for (const text of [
      '',
      '0',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 06 Nov 94 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 06 Nov 1994 08:49:37 +0000',
      ' Sun, 06 Nov 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 GMT\n',
      'sun, 06 nov 1994 08:49:37 GMT',
      'Sun, 06 Foo 1994 08:49:37 GMT',
      'Sun, 00 Nov 1994 08:49:37 GMT',
      'Thu, 31 Nov 1994 08:49:37 GMT',
      'Wed, 29 Feb 2023 00:00:00 GMT',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Sun, 06 Nov 1994 08:60:00 GMT',
      'Sun, 06 Nov 1994 08:49:61 GMT',
      'Sun, 06-Nov-94 08:49:37 GMT',
      'Sun Nov 06 1994 08:49:37',
      '1994-11-06T08:49:37Z',
    ]) {
      expect(parseDate(text, NOW_MS), text).toBeUndefined()
    }
  })
})

describe('formatLogDate and formatISODate', () => {
  test('format a time for logs', () => {
    const timeMs = Date.UTC(1994, 10, 6, 8, 49, 37, 5)
    expect(formatLogDate(timeMs)).toBe('06/Nov/1994:08:49:37 +0000')
    expect(formatISODate(timeMs)).toBe('1994-11-06T08:49:37.005Z')
  })
})
