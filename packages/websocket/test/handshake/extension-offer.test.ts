import { describe, expect, test } from 'vitest'
import { listElements, parseExtensions, splitList, TOKEN } from '../../src/handshake/extension-offer.ts'

describe('parseExtensions', () => {
  test('reads the names and parameters of all fields, in order', () => {
    expect(
      parseExtensions(['permessage-deflate; client_max_window_bits ; x = 10, mux', 'bar; baz=2']),
    ).toEqual([
      {
        name: 'permessage-deflate',
        parameters: [
          ['client_max_window_bits', undefined],
          ['x', '10'],
        ],
      },
      { name: 'mux', parameters: [] },
      { name: 'bar', parameters: [['baz', '2']] },
    ])
    expect(parseExtensions([])).toEqual([])
  })

  test('reads a quoted value as a token', () => {
    for (const value of ['"10"', '"1\\0"', '"\\1\\0"'])
      expect(parseExtensions([`a; b=${value}`]), value).toEqual([{ name: 'a', parameters: [['b', '10']] }])
  })

  test('ignores empty elements, and accepts one extension twice with different parameters', () => {
    expect(parseExtensions([',a; b=1,, a,'])).toEqual([
      { name: 'a', parameters: [['b', '1']] },
      { name: 'a', parameters: [] },
    ])
  })

  test('refuses values that do not follow the grammar', () => {
    expect(parseExtensions([','])).toBeUndefined()
    for (const value of [
      ';',
      'a;',
      'a; ',
      ';a',
      'a b',
      'a;;b',
      'a;=1',
      'a;b=',
      'a;b= ',
      'a;b c',
      'a;b=c d',
      'a;b==c',
      'a=1',
      '"a"',
      'a;"b"',
      'a;b="',
      'a;b=""',
      'a;b="c',
      'a;b=c"',
      'a;b="c d"',
      'a;b="c,d"',
      'a;b="c;d"',
      'a;b="c=d"',
      'a;b="c"d',
      'a;b="c\\',
      'a;b="c\\"',
      'a;b="\\""',
      'a/b',
      'ä',
      `a${','.repeat(17)}`,
    ]) {
      expect(parseExtensions([value]), value).toBeUndefined()
      expect(parseExtensions(['good', value, 'good']), value).toBeUndefined()
    }
  })
})

describe('listElements', () => {
  test('reads the elements of all fields, in order, without blanks', () => {
    expect(listElements(['a , b', '\tc'])).toEqual(['a', 'b', 'c'])
    expect(listElements([])).toEqual([])
  })

  test('ignores empty elements and fields with an empty value', () => {
    for (const values of [['a,'], [',a'], ['a,,'], [' , a ,\t'], ['', 'a'], ['a', ' ']])
      expect(listElements(values), JSON.stringify(values)).toEqual(['a'])
    expect(listElements([''])).toEqual([])
  })

  test('ignores 16 empty elements, and refuses one more', () => {
    expect(listElements([`a${','.repeat(16)}`])).toEqual(['a'])
    expect(listElements([`a${','.repeat(17)}`])).toBeUndefined()
    expect(listElements([`a${','.repeat(10)}`, `b${','.repeat(7)}`])).toBeUndefined()
  })

  test('refuses a list that contains only commas', () => {
    for (const value of [',', ', ,', ' ,\t']) expect(listElements([value]), value).toBeUndefined()
  })
})

describe('splitList', () => {
  test('returns the elements of all values, also the empty ones', () => {
    expect(splitList(['a, ,B', '', 'c'])).toEqual(['a', '', 'B', '', 'c'])
    expect(splitList([])).toEqual([])
  })

  test('removes spaces and tabs at both ends, in linear time', () => {
    expect(splitList([' \ta b\t '])).toEqual(['a b'])
    expect(splitList([`a${' '.repeat(100_000)}b`])[0]).toHaveLength(100_002)
  })
})

describe('TOKEN', () => {
  test('matches the tokens of RFC 9110 §5.6.2, and nothing else', () => {
    for (const token of ['a', 'permessage-deflate', "!#$%&'*+-.^_`|~09Az"])
      expect(TOKEN.test(token), token).toBe(true)
    for (const other of ['', 'a b', 'a;b', 'a=b', '"a"', 'ä', 'a/b', 'a\n'])
      expect(TOKEN.test(other), other).toBe(false)
  })
})
