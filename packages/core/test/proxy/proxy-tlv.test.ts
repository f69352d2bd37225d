import { describe, expect, test } from 'vitest'
import type { ProxySSL } from '../../src/proxy.ts'
import {
  CRC32C,
  fieldsOf,
  joinTLV,
  malformedTLV,
  parseExtensions,
  parseProxySSL,
  SINGLE_FIELDS,
  splitTLVs,
  writeProxySSL,
} from '../../src/proxy/proxy-tlv.ts'

describe('splitTLVs and joinTLV', () => {
  const fields = [
    { type: 1, value: Buffer.from('a') },
    { type: 255, value: Buffer.alloc(0) },
    { type: 1, value: Buffer.alloc(300, 'b') },
  ]
  const bytes = Buffer.concat(fields.map(joinTLV))

  test('are inverse to each other', () => {
    expect(splitTLVs(bytes, new Set())).toEqual(fields)
    expect(splitTLVs(Buffer.alloc(0), new Set())).toEqual([])
  })

  test('require every byte to belong to a field', () => {
    const whole = new Set([0, 4, 7, bytes.length])
    for (let length = 0; length < bytes.length; length++) {
      if (whole.has(length)) continue
      const cut = (): unknown => splitTLVs(bytes.subarray(0, length), new Set())
      expect(cut).toThrow(expect.objectContaining({ violation: 'malformed-tlv' }))
    }
  })

  test('refuse two fields of a type that may appear once', () => {
    expect(() => splitTLVs(bytes, new Set([1]))).toThrow(
      expect.objectContaining({ violation: 'repeated-tlv' }),
    )
    expect(splitTLVs(bytes, new Set([2, 255])).length).toBe(3)
  })

  test('refuse to write a field that is too long', () => {
    expect(() => joinTLV({ type: 256, value: Buffer.alloc(0) })).toThrow(RangeError)
    expect(() => joinTLV({ type: 1, value: Buffer.alloc(65_536) })).toThrow(RangeError)
  })

  test('throw malformed-tlv for a malformed field', () => {
    expect(malformedTLV('why')).toMatchObject({ violation: 'malformed-tlv', message: 'why' })
  })
})

describe('parseExtensions and fieldsOf', () => {
  test('leave out padding and the checksum', () => {
    const [padding, checksum] = [0x04, CRC32C].map((type) => ({ type, value: Buffer.alloc(4) }))
    const name = { type: 0x02, value: Buffer.from('a.test') }
    expect(parseExtensions([padding, name, checksum, padding] as never)).toEqual({ authority: 'a.test' })
  })

  test('keep the fields they do not know', () => {
    const others = [{ type: 0xe0, value: Buffer.of(1) }]
    expect(parseExtensions(others)).toEqual({ others })
    expect(fieldsOf({ others })).toEqual(others)
  })

  test('limit the unique ID when parsing and when writing', () => {
    const longest = { uniqueId: Buffer.alloc(128, 'x') }
    expect(parseExtensions(fieldsOf(longest))).toEqual(longest)
    expect(() => fieldsOf({ uniqueId: Buffer.alloc(129) })).toThrow(RangeError)
    expect(() => parseExtensions([{ type: 0x05, value: Buffer.alloc(129) }])).toThrow(
      expect.objectContaining({ violation: 'malformed-tlv' }),
    )
  })

  test('allow each known field once, but any amount of padding', () => {
    expect([SINGLE_FIELDS.has(0x02), SINGLE_FIELDS.has(CRC32C), SINGLE_FIELDS.has(0x04)]).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('parseProxySSL and writeProxySSL', () => {
  const flags = (ssl: boolean, certConn: boolean, certSess: boolean): ProxySSL['client'] => ({
    ssl,
    certConn,
    certSess,
  })

  test.each<[string, ProxySSL]>([
    ['00 00000000', { client: flags(false, false, false), verify: 0 }],
    ['01 00000001', { client: flags(true, false, false), verify: 1 }],
    ['02 ffffffff', { client: flags(false, true, false), verify: 0xffff_ffff }],
    ['04 00000000 2100024142', { client: flags(false, false, true), verify: 0, version: 'AB' }],
  ])('read and write %s', (hex, ssl) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(parseProxySSL(bytes)).toEqual(ssl)
    expect(writeProxySSL(ssl).equals(bytes)).toBe(true)
  })

  test('ignore flags that have no meaning yet', () => {
    expect(parseProxySSL(Buffer.from('f900000000', 'hex')).client).toEqual(flags(true, false, false))
  })

  test.each([
    ['too short', '0000', 'malformed-tlv'],
    ['a field cut short', '0000000000210002', 'malformed-tlv'],
    ['two names', '000000000022000161220001 61', 'repeated-tlv'],
  ])('refuse %s', (_name, hex, violation) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(() => parseProxySSL(bytes)).toThrow(expect.objectContaining({ violation }))
  })
})
