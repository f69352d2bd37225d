import { describe, expect, it } from 'vitest'
import { formatted, short } from '../../src/drawing/units.ts'

describe('formatted', () => {
  it('groups the digits of counts', () => {
    expect(formatted(1_234_567.6, 'count')).toBe('1 234 568')
    expect(formatted(12, 'count')).toBe('12')
  })
  it('uses the largest binary unit of bytes', () => {
    expect(formatted(16, 'bytes')).toBe('16 B')
    expect(formatted(1023, 'bytes')).toBe('1023 B')
    expect(formatted(1024, 'bytes')).toBe('1 KiB')
    expect(formatted(5.3 * 1024, 'bytes')).toBe('5.3 KiB')
    expect(formatted(64 * 2 ** 20, 'bytes')).toBe('64 MiB')
    expect(formatted(-2048, 'bytes')).toBe('-2 KiB')
  })
  it('gives ratios two digits and times one', () => {
    expect(formatted(2.345, 'ratio')).toBe('2.35')
    expect(formatted(40.04, 'ms')).toBe('40.0 ms')
  })
})

describe('short', () => {
  it('abbreviates thousands and millions', () => {
    expect([1, 10, 1000, 20_000, 2_000_000].map((value) => short(value, 'count'))).toEqual([
      '1',
      '10',
      '1k',
      '20k',
      '2M',
    ])
  })
})
