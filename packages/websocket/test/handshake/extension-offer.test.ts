import { describe, expect, test } from 'vitest'
import { parseExtensions } from '../../src/handshake/extension-offer.ts'

describe('parseExtensions', () => {
  test('reads names and parameters, of all fields, the client’s favourite first', () => {
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

  test('reads a value in quotes as the token that it is', () => {
    for (const value of ['"10"', '"1\\0"', '"\\1\\0"'])
      expect(parseExtensions([`a; b=${value}`]), value).toEqual([{ name: 'a', parameters: [['b', '10']] }])
  })

  test('ignores empty elements, and takes one extension twice, with other parameters', () => {
    expect(parseExtensions([',a; b=1,, a,'])).toEqual([
      { name: 'a', parameters: [['b', '1']] },
      { name: 'a', parameters: [] },
    ])
  })

  test('refuses what does not follow the grammar', () => {
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
