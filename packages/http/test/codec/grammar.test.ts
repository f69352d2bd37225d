import { describe, expect, test } from 'vitest'
import { FIELD_CONTENT, HEX_VALUE, listElements, TCHAR, VISIBLE } from '../../src/codec/grammar.ts'

/** Returns the bytes of a class as latin1 text. */
function members(table: Uint8Array): string {
  return Buffer.from(Array.from(table.keys()).filter((byte) => table[byte] === 1)).toString('latin1')
}

describe('byte classes', () => {
  test('match the grammar of the RFCs', () => {
    const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz'
    expect(members(TCHAR)).toBe(`!#$%&'*+-.${alphanumeric}|~`)
    expect(members(VISIBLE).length).toBe(94)
    expect(members(FIELD_CONTENT)).toBe(
      `\t ${members(VISIBLE)}${Buffer.from(Array.from({ length: 128 }, (_, at) => 128 + at)).toString('latin1')}`,
    )
    expect(Array.from('09afAF', (char) => HEX_VALUE[char.charCodeAt(0)])).toEqual([0, 9, 10, 15, 10, 15])
    expect(HEX_VALUE.filter((value) => value === 0xff).length).toBe(256 - 22)
  })
})

describe('listElements', () => {
  test('splits lists over all lines, in lower case, without blanks and tabs', () => {
    expect(listElements(['Close'])).toEqual(['close'])
    expect(listElements(['A , \tb b\t,C', 'd'])).toEqual(['a', 'b b', 'c', 'd'])
  })

  test('keeps empty elements', () => {
    expect(listElements([''])).toEqual([''])
    expect(listElements([', ,a,', ''])).toEqual(['', '', 'a', '', ''])
  })

  test('removes only blanks and tabs, and maps no other letter to an ASCII one', () => {
    expect(listElements(['\xa0a\x85', '\x0bb\x0c'])).toEqual(['\xa0a\x85', '\x0bb\x0c'])
    const latin1 = Array.from({ length: 128 }, (_, at) => String.fromCharCode(at + 128)).join('')
    expect(listElements([latin1])[0]).not.toMatch(/[\0-\x7f]/)
  })
})
