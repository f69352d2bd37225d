import { describe, expect, test } from 'vitest'
import { parseExtensions, presentElements } from '../../src/handshake/extension-offer.ts'

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

describe('presentElements', () => {
  test('reads the elements of all fields, in order, without blanks', () => {
    expect(presentElements(['a , b', '\tc'])).toEqual(['a', 'b', 'c'])
    expect(presentElements([])).toEqual([])
  })

  test('ignores empty elements and fields with an empty value', () => {
    for (const values of [['a,'], [',a'], ['a,,'], [' , a ,\t'], ['', 'a'], ['a', ' ']])
      expect(presentElements(values), JSON.stringify(values)).toEqual(['a'])
    expect(presentElements([''])).toEqual([])
  })

  test('ignores 16 empty elements, and refuses one more', () => {
    expect(presentElements([`a${','.repeat(16)}`])).toEqual(['a'])
    expect(presentElements([`a${','.repeat(17)}`])).toBeUndefined()
    expect(presentElements([`a${','.repeat(10)}`, `b${','.repeat(7)}`])).toBeUndefined()
  })

  test('refuses a list that contains only commas', () => {
    for (const value of [',', ', ,', ' ,\t']) expect(presentElements([value]), value).toBeUndefined()
  })
})
