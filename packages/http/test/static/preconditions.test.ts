import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { allowsRange, evaluatePreconditions, type Validators } from '../../src/static/preconditions.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const CHANGED_MS = Date.UTC(2025, 0, 1, 12, 0, 0, 700)
const CHANGED = 'Wed, 01 Jan 2025 12:00:00 GMT'
const BEFORE = 'Wed, 01 Jan 2025 11:59:59 GMT'
const AFTER = 'Wed, 01 Jan 2025 12:00:01 GMT'

function headersOf(fields: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers()
  for (const [name, value] of fields) headers.addRawHeader(name, value)
  return headers
}

function verdict(
  fields: readonly (readonly [string, string])[],
  validators: Validators = { etag: '"a"', lastModifiedMs: CHANGED_MS },
  method = 'GET',
): string | number {
  return evaluatePreconditions({ method, requestHeaders: headersOf(fields) }, validators, NOW_MS)
}

describe('evaluatePreconditions (RFC 9110 §13)', () => {
  test.each([
    ['"a"', 304],
    ['W/"a"', 304],
    ['"b", "a"', 304],
    ['"b","with,comma" ,\t"a"', 304],
    ['*', 304],
    ['"b"', 'proceed'],
    ['a', 'proceed'],
    ['"a', 'proceed'],
    ['"a" "b"', 'proceed'],
    ['w/"a"', 'proceed'],
    ['*, "a"', 'proceed'],
    ['', 'proceed'],
  ])('reads If-None-Match: %s as %s', (value, expected) => {
    expect(verdict([['If-None-Match', value]])).toBe(expected)
    expect(verdict([['If-None-Match', value]], undefined, 'HEAD')).toBe(expected)
    expect(verdict([['If-None-Match', value]], undefined, 'PUT')).toBe(expected === 304 ? 412 : 'proceed')
  })

  test('compares weak tags with If-None-Match weakly, and with If-Match never', () => {
    const weak = { etag: 'W/"a"' }
    expect(verdict([['If-None-Match', '"a"']], weak)).toBe(304)
    expect(verdict([['If-Match', '"a"']], weak)).toBe(412)
    expect(verdict([['If-Match', 'W/"a"']], weak)).toBe(412)
  })

  test.each([
    ['"a"', 'proceed'],
    ['"b", "a"', 'proceed'],
    ['*', 'proceed'],
    ['"b"', 412],
    ['W/"a"', 412],
    ['a', 412],
  ])('reads If-Match: %s as %s', (value, expected) => {
    expect(verdict([['If-Match', value]])).toBe(expected)
  })

  test('reads a list over several lines', () => {
    const lines = [
      ['If-None-Match', '"b"'],
      ['If-None-Match', '"a"'],
    ] as const
    expect(verdict(lines)).toBe(304)
  })

  test.each([
    [CHANGED, 304],
    [AFTER, 304],
    [BEFORE, 'proceed'],
    ['Wednesday, 01-Jan-25 12:00:00 GMT', 304],
    ['Wed Jan  1 12:00:00 2025', 304],
    ['yesterday', 'proceed'],
    ['', 'proceed'],
  ])('reads If-Modified-Since: %s as %s', (value, expected) => {
    expect(verdict([['If-Modified-Since', value]])).toBe(expected)
    expect(verdict([['If-Modified-Since', value]], undefined, 'PUT')).toBe('proceed')
  })

  test.each([
    [CHANGED, 'proceed'],
    [BEFORE, 412],
    ['yesterday', 'proceed'],
  ])('reads If-Unmodified-Since: %s as %s', (value, expected) => {
    expect(verdict([['If-Unmodified-Since', value]])).toBe(expected)
  })

  test('ignores a date that is sent twice', () => {
    const twice = [
      ['If-Modified-Since', CHANGED],
      ['If-Modified-Since', CHANGED],
    ] as const
    expect(verdict(twice)).toBe('proceed')
  })

  test('ignores dates beside tags, and evaluates If-Match first', () => {
    expect(
      verdict([
        ['If-None-Match', '"b"'],
        ['If-Modified-Since', AFTER],
      ]),
    ).toBe('proceed')
    expect(
      verdict([
        ['If-Match', '"a"'],
        ['If-Unmodified-Since', BEFORE],
      ]),
    ).toBe('proceed')
    expect(
      verdict([
        ['If-None-Match', '"a"'],
        ['If-Match', '"b"'],
      ]),
    ).toBe(412)
  })

  test('matches no tag of a representation without one, and no date', () => {
    expect(verdict([['If-None-Match', '"a"']], {})).toBe('proceed')
    expect(verdict([['If-None-Match', '*']], {})).toBe(304)
    expect(verdict([['If-Match', '"a"']], {})).toBe(412)
    expect(verdict([['If-Modified-Since', AFTER]], {})).toBe('proceed')
    expect(verdict([['If-Unmodified-Since', BEFORE]], {})).toBe('proceed')
  })

  test('reads a list of 100 kB in no time', () => {
    expect(verdict([['If-None-Match', '"b",'.repeat(25_000)]])).toBe('proceed')
    expect(verdict([['If-None-Match', `${' '.repeat(100_000)}x`]])).toBe('proceed')
  })
})

describe('allowsRange (RFC 9110 §13.1.5)', () => {
  const allows = (
    value: string,
    validators: Validators = { etag: '"a"', lastModifiedMs: CHANGED_MS },
  ): boolean => allowsRange(headersOf([['If-Range', value]]), validators, NOW_MS)

  test.each([
    ['"a"', true],
    ['"b"', false],
    ['W/"a"', false],
    [CHANGED, true],
    [BEFORE, false],
    [AFTER, false],
    ['yesterday', false],
  ])('If-Range: %s gives %s', (value, expected) => {
    expect(allows(value)).toBe(expected)
  })

  test('is true without If-Range, and false for a weak tag or a file without validators', () => {
    expect(allowsRange(new Headers(), {}, NOW_MS)).toBe(true)
    expect(allows('W/"a"', { etag: 'W/"a"' })).toBe(false)
    expect(allows('"a"', {})).toBe(false)
    expect(allows(CHANGED, {})).toBe(false)
  })

  test('does not trust a date of the present second', () => {
    const now = 'Thu, 01 Jan 2026 00:00:00 GMT'
    expect(allowsRange(headersOf([['If-Range', now]]), { lastModifiedMs: NOW_MS }, NOW_MS + 999)).toBe(false)
    expect(allowsRange(headersOf([['If-Range', now]]), { lastModifiedMs: NOW_MS }, NOW_MS + 1000)).toBe(true)
  })
})
