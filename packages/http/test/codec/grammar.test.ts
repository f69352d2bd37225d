import { describe, expect, test } from 'vitest'
import { FIELD_CONTENT, HEX_VALUE, hexByte, TCHAR, VISIBLE } from '../../src/codec/grammar.ts'

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

describe('hexByte', () => {
  test('has two digits', () => {
    expect([hexByte(0), hexByte(13), hexByte(255)]).toEqual(['0x00', '0x0d', '0xff'])
  })
})
