import { describe, expect, test } from 'vitest'
import { CRC32C, fieldsOf, parseExtensions, SINGLE_FIELDS } from '../../src/proxy/proxy-extensions.ts'

describe('parseExtensions and fieldsOf', () => {
  test('leave padding and the checksum out', () => {
    const [padding, checksum] = [0x04, CRC32C].map((type) => ({ type, value: Buffer.alloc(4) }))
    const name = { type: 0x02, value: Buffer.from('a.test') }
    expect(parseExtensions([padding, name, checksum, padding] as never)).toEqual({ authority: 'a.test' })
  })

  test('keep the fields they do not know', () => {
    const others = [{ type: 0xe0, value: Buffer.of(1) }]
    expect(parseExtensions(others)).toEqual({ others })
    expect(fieldsOf({ others })).toEqual(others)
  })

  test('bound the unique ID both ways', () => {
    const longest = { uniqueId: Buffer.alloc(128, 'x') }
    expect(parseExtensions(fieldsOf(longest))).toEqual(longest)
    expect(() => fieldsOf({ uniqueId: Buffer.alloc(129) })).toThrow(RangeError)
    expect(() => parseExtensions([{ type: 0x05, value: Buffer.alloc(129) }])).toThrow(
      expect.objectContaining({ violation: 'malformed-tlv' }),
    )
  })

  test('have names of which there is one each, but any amount of padding', () => {
    expect([SINGLE_FIELDS.has(0x02), SINGLE_FIELDS.has(CRC32C), SINGLE_FIELDS.has(0x04)]).toEqual([
      true,
      true,
      false,
    ])
  })
})
