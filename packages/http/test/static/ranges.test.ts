import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentRange, parseRange } from '../../src/static/ranges.ts'

/** Returns the ranges of a header for 10 bytes, as Content-Range has them. */
function ask(header: string, size = 10, most = 16): string {
  const ranges = parseRange(header, size, { most })
  return typeof ranges === 'string' ? ranges : ranges.map((range) => contentRange(range, size)).join()
}

describe('parseRange (RFC 9110 §14.1.2)', () => {
  test.each([
    ['bytes=0-3', 'bytes 0-3/10'],
    ['bytes=3-', 'bytes 3-9/10'],
    ['bytes=-3', 'bytes 7-9/10'],
    ['bytes=9-100', 'bytes 9-9/10'],
    ['bytes=0-10', 'bytes 0-9/10'],
    ['bytes=0-0', 'bytes 0-0/10'],
    ['bytes=-100', 'bytes 0-9/10'],
    ['BYTES=0-0', 'bytes 0-0/10'],
    ['bytes=1-2,', 'bytes 1-2/10'],
    ['bytes= 1-2 ,\t', 'bytes 1-2/10'],
    ['bytes=0-1,100-200', 'bytes 0-1/10'],
    [`bytes=5-${'9'.repeat(400)}`, 'bytes 5-9/10'],
    [`bytes=-${'9'.repeat(20)}`, 'bytes 0-9/10'],
    ['bytes=00000000000000000001-000000000000000000002', 'bytes 1-2/10'],
  ])('reads %j', (header, range) => {
    expect(ask(header)).toBe(range)
  })

  test.each(['bytes=10-', 'bytes=-0', 'bytes=100-200,300-400', `bytes=${'9'.repeat(20)}-`, 'bytes=-0,10-'])(
    'finds that %j has no byte',
    (header) => {
      expect(ask(header)).toBe('unsatisfiable')
    },
  )

  test.each([
    'bytes=5-2',
    `bytes=1${'0'.repeat(30)}-${'9'.repeat(30)}`,
    'x',
    '',
    'items=0-3',
    'bytes 0-3',
    '=',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=foo',
    'bytes=0-3,x',
    'bytes=0x1-3',
    'bytes=+1-3',
    'bytes=1 - 3',
    'bytes=1.5-3',
    'bytes=１-3',
    ' bytes=0-3',
  ])('ignores %j', (header) => {
    expect(ask(header)).toBe('whole')
  })

  test('sends the whole of an empty file, unless only bytes from a position are asked for', () => {
    expect(ask('bytes=0-', 0)).toBe('unsatisfiable')
    expect(ask('bytes=-5', 0)).toBe('whole')
  })

  test.each([
    ['bytes=0-1,4-5', 'bytes 0-1/10,bytes 4-5/10'],
    ['bytes=4-5,0-1', 'bytes 4-5/10,bytes 0-1/10'],
    ['bytes=0-4,2-6', 'bytes 0-6/10'],
    ['bytes=0-1,2-3', 'bytes 0-3/10'],
    ['bytes=8-9,0-0,1-1,4-4', 'bytes 8-9/10,bytes 0-1/10,bytes 4-4/10'],
    ['bytes=0-0,4-4,8-8,0-8', 'bytes 0-8/10'],
    ['bytes=0-0,2-2,4-4,1-1', 'bytes 0-2/10,bytes 4-4/10'],
  ])('joins what overlaps or is adjacent in %j, at the place of the first part', (header, ranges) => {
    expect(ask(header)).toBe(ranges)
  })

  test('accepts 16 ranges, and sends the whole for one more', () => {
    const ranges = (count: number): string =>
      ask(`bytes=${Array.from({ length: count }, (_, at) => `${at * 2}-${at * 2}`).join()}`, 100)
    expect(ranges(16).split(',')).toHaveLength(16)
    expect(ranges(17)).toBe('whole')
  })

  test('reads a header of 100 000 ranges in no time', () => {
    expect(ask(`bytes=${'0-0,'.repeat(100_000)}`)).toBe('whole')
  })

  test('never returns more bytes than there are, nor bytes twice', () => {
    const spec = fc.tuple(fc.option(fc.nat(30)), fc.option(fc.nat(30)))
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 16 }), fc.nat(20), (specs, size) => {
        const header = `bytes=${specs.map(([first, last]) => `${first ?? ''}-${last ?? ''}`).join()}`
        const ranges = parseRange(header, size, { most: 16 })
        if (typeof ranges === 'string') return
        const bytes = ranges.flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, at) => start + at),
        )
        expect(new Set(bytes).size).toBe(bytes.length)
        expect(bytes.every((byte) => byte >= 0 && byte < size)).toBe(true)
      }),
    )
  })
})
