import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentRange, multipartRanges, parseRange, unsatisfiedRange } from '../../src/message/ranges.ts'

const parse = (field: string, size: number = 1000): unknown => {
  const ranges = parseRange(field, size)
  return typeof ranges === 'string' ? ranges : ranges.map(({ start, end }) => `${start}-${end}`).join(' ')
}

describe('parseRange', () => {
  test.each([
    ['bytes=0-0', '0-1'],
    ['bytes=0-499', '0-500'],
    ['BYTES=1-', '1-1000'],
    ['bytes=-2', '998-1000'],
    ['bytes=-5000', '0-1000'],
    ['bytes=990-5000', '990-1000'],
    ['bytes=0-99999999999999999999', '0-1000'],
    ['bytes=-99999999999999999999', '0-1000'],
    ['bytes=999-999', '999-1000'],
    ['bytes=0-0, 500-599 ,\t-1', '0-1 500-600 999-1000'],
    ['bytes=,0-0,,', '0-1'],
    ['bytes=-1,0-0', '999-1000 0-1'],
    ['bytes=0-0,2000-', '0-1'],
  ])('reads %s', (field, expected) => {
    expect(parse(field)).toBe(expected)
  })

  test.each([
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    'bytes=5-4',
    'bytes=0-0,5-4',
    'bytes=1-2-3',
    'bytes=+1-2',
    'bytes=1 -2',
    'bytes=0x1-2',
    'bytes 0-0',
    'bytes =0-0',
    'seconds=0-1',
    '0-0',
    '',
  ])('ignores %j', (field) => {
    expect(parse(field)).toBe('whole')
  })

  test.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0', 'bytes=99999999999999999999-', 'bytes=1000-,-0'])(
    'finds %s unsatisfiable',
    (field) => {
      expect(parse(field)).toBe('unsatisfiable')
    },
  )

  test('returns the whole for an empty representation, and without a field', () => {
    expect(parse('bytes=0-', 0)).toBe('whole')
    expect(parse('bytes=-1', 0)).toBe('whole')
    expect(parseRange(undefined, 10)).toBe('whole')
  })

  test('joins ranges that overlap or touch, and no others, in the order of the first of them', () => {
    expect(parse('bytes=0-10,5-20')).toBe('0-21')
    expect(parse('bytes=500-600,0-9,550-700')).toBe('500-701 0-10')
    expect(parse('bytes=0-9,10-19')).toBe('0-20')
    expect(parse('bytes=0-9,11-19')).toBe('0-10 11-20')
    expect(parse('bytes=0-0,-1')).toBe('0-1 999-1000')
    expect(parse(`bytes=${'0-,'.repeat(16)}`)).toBe('0-1000')
  })

  test('takes 16 ranges, or as many as `most`, and no more', () => {
    const ranges = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, at) => `${at * 1000}-${at * 1000}`).join(',')}`
    expect(parseRange(ranges(16), 100_000)).toHaveLength(16)
    expect(parseRange(ranges(17), 100_000)).toBe('whole')
    expect(parseRange(ranges(3), 100_000, { most: 3 })).toHaveLength(3)
    expect(parseRange(ranges(4), 100_000, { most: 3 })).toBe('whole')
    expect(parse(`bytes=${'0-,'.repeat(5000)}`)).toBe('whole')
    expect(() => parseRange('bytes=0-', 1, { most: 0 })).toThrow(RangeError)
    expect(() => parseRange(undefined, 1, { max: 5 } as object)).toThrow('most')
  })

  test('never asks for a byte twice, or outside of the representation', () => {
    const spec = fc.oneof(
      fc.tuple(fc.nat(300), fc.nat(300)).map(([first, last]) => `${first}-${last}`),
      fc.nat(300).map((first) => `${first}-`),
      fc.nat(300).map((count) => `-${count}`),
    )
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 16 }),
        fc.integer({ min: 1, max: 250 }),
        (specs, size) => {
          const ranges = parseRange(`bytes=${specs.join(',')}`, size)
          if (typeof ranges === 'string') return
          const seen = new Set<number>()
          for (const { start, end } of ranges) {
            expect(start).toBeLessThan(end)
            for (let at = start; at < end; at++) {
              expect(seen.has(at)).toBe(false)
              seen.add(at)
            }
          }
          expect(seen.size).toBeLessThanOrEqual(size)
          expect(Math.max(...seen)).toBeLessThan(size)
        },
      ),
    )
  })
})

test('contentRange counts the last byte, unsatisfiedRange only the length', () => {
  expect(contentRange({ start: 0, end: 1 }, 10)).toBe('bytes 0-0/10')
  expect(unsatisfiedRange(10)).toBe('bytes */10')
})

test('multipartRanges frames each part, and counts every byte', () => {
  const ranges = [
    { start: 0, end: 2 },
    { start: 8, end: 10 },
  ]
  const { contentType, totalBytes, parts, end } = multipartRanges(ranges, 10, 'text/plain', 'B')
  const body =
    parts.map(({ lines, range }) => lines + '0123456789'.slice(range.start, range.end)).join('') + end
  expect(contentType).toBe('multipart/byteranges; boundary=B')
  expect(body).toBe(
    '\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01' +
      '\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--B--\r\n',
  )
  expect(totalBytes).toBe(body.length)
  expect(multipartRanges(ranges, 10, undefined, 'B').parts[0]?.lines).toBe(
    '\r\n--B\r\nContent-Range: bytes 0-1/10\r\n\r\n',
  )
})
