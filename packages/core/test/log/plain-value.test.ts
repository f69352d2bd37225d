import { describe, expect, test } from 'vitest'
import { plainValue, UNREADABLE } from '../../src/log/plain-value.ts'
import { HOSTILE } from './hostile-values.ts'

describe('plainValue', () => {
  test('leaves what JSON has as it is', () => {
    const value = { text: 'x', list: [1, true, null, { deep: [] }], none: undefined }
    expect(plainValue(value)).toEqual(value)
    expect(plainValue(value)).not.toBe(value)
  })

  test('finds words for what JSON does not have', () => {
    const value = [1n, NaN, Symbol('s'), () => 1, new Uint8Array([1, 255]), new Date(0)]
    expect(plainValue(value)).toEqual([
      '1',
      'NaN',
      'Symbol(s)',
      '(function)',
      '01ff',
      '1970-01-01T00:00:00.000Z',
    ])
    expect(plainValue([new Map([['k', 1]]), new Set(['v'])])).toEqual([[['k', 1]], ['v']])
    expect(plainValue(new Uint8Array(501))).toBe(`${'00'.repeat(500)}…`)
  })

  test('keeps name, message, stack, fields and causes of errors', () => {
    const cause = new RangeError('why')
    const error = Object.assign(new Error('what', { cause }), { code: 'E' })
    expect(plainValue(error)).toEqual({
      name: 'Error',
      message: 'what',
      stack: error.stack,
      code: 'E',
      cause: { name: 'RangeError', message: 'why', stack: cause.stack },
    })
    expect(plainValue(new AggregateError([1], 'several'))).toMatchObject({ message: 'several', errors: [1] })
  })

  test('cuts cycles, and nothing that merely comes twice', () => {
    const shared = { here: 1 }
    const value: Record<string, unknown> = { first: shared, second: shared }
    value['self'] = value
    expect(plainValue(value)).toEqual({ first: shared, second: shared, self: '(circular)' })
  })

  test.each([
    ['a long list', Array.from({ length: 1e6 }, () => 0)],
    ['a deep object', Array.from({ length: 5000 }).reduce<object>((inner) => ({ inner }), {})],
    ['many keys', Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`key ${at}`, at]))],
  ])('gives up %s after a thousand values', (_name, value) => {
    const text = JSON.stringify(plainValue(value))
    expect(text).toContain('…')
    expect(text.length).toBeLessThan(20_000)
  })

  test.each(HOSTILE)('survives %s, and keeps what is beside it', (_name, hostile) => {
    expect(plainValue({ before: 1, hostile, after: 2 })).toMatchObject({ before: 1, after: 2 })
    expect(() => JSON.stringify(plainValue(hostile))).not.toThrow()
  })

  test('says which member cannot be read', () => {
    const failing = (): never => {
      throw new Error('no')
    }
    expect(plainValue(Object.defineProperty({}, 'x', { get: failing, enumerable: true }))).toEqual({
      x: UNREADABLE,
    })
  })
})
