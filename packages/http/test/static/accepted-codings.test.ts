import { describe, expect, test } from 'vitest'
import { acceptedCodings } from '../../src/static/accepted-codings.ts'

const CODINGS = ['br', 'zstd', 'gzip'] as const

describe('acceptedCodings (RFC 9110 §12.5.3)', () => {
  test.each([
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br zstd gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=1.000, br;q=0.5', 'gzip br'],
    ['gzip ; q=0.001', 'gzip'],
    ['*', 'br zstd gzip'],
    ['*;q=0.5, gzip', 'gzip br zstd'],
    ['br;q=0, *', 'zstd gzip'],
    ['gzip;q=0', ''],
    ['*;q=0, identity', ''],
    ['identity', ''],
    ['identity, gzip;q=0.5', ''],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['', ''],
    ['gzip;q=1.0001', ''],
    ['gzip;q=2', ''],
    ['gzip;q', ''],
    ['gzip;q=-1', ''],
    ['gzip;level=9', ''],
    ['gzip br', ''],
    ['\u00e9', ''],
  ])('reads %j as %j', (value, expected) => {
    expect(acceptedCodings(CODINGS, [value]).join(' ')).toBe(expected)
  })

  test('accepts none without the field, and reads several lines', () => {
    expect(acceptedCodings(CODINGS, undefined)).toEqual([])
    expect(acceptedCodings(CODINGS, ['gzip', 'br'])).toEqual(['br', 'gzip'])
  })

  test('reads 100 kB in no time', () => {
    expect(acceptedCodings(CODINGS, [`${'a;q=0.1,'.repeat(12_500)}gzip`])).toEqual(['gzip'])
    expect(acceptedCodings(CODINGS, [`gzip${' '.repeat(100_000)};x`])).toEqual([])
  })
})
