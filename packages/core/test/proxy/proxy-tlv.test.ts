import { describe, expect, test } from 'vitest'
import { joinTLV, malformedTLV, splitTLVs } from '../../src/proxy/proxy-tlv.ts'

describe('splitTLVs and joinTLV', () => {
  const fields = [
    { type: 1, value: Buffer.from('a') },
    { type: 255, value: Buffer.alloc(0) },
    { type: 1, value: Buffer.alloc(300, 'b') },
  ]
  const bytes = Buffer.concat(fields.map(joinTLV))

  test('are each the other way round', () => {
    expect(splitTLVs(bytes, new Set())).toEqual(fields)
    expect(splitTLVs(Buffer.alloc(0), new Set())).toEqual([])
  })

  test('want every byte to belong to a field', () => {
    const whole = new Set([0, 4, 7, bytes.length])
    for (let length = 0; length < bytes.length; length++) {
      if (whole.has(length)) continue
      const cut = (): unknown => splitTLVs(bytes.subarray(0, length), new Set())
      expect(cut).toThrow(expect.objectContaining({ violation: 'malformed-tlv' }))
    }
  })

  test('refuse to choose between two fields of which there is one', () => {
    expect(() => splitTLVs(bytes, new Set([1]))).toThrow(
      expect.objectContaining({ violation: 'repeated-tlv' }),
    )
    expect(splitTLVs(bytes, new Set([2, 255])).length).toBe(3)
  })

  test('refuse to write what has no room', () => {
    expect(() => joinTLV({ type: 256, value: Buffer.alloc(0) })).toThrow(RangeError)
    expect(() => joinTLV({ type: 1, value: Buffer.alloc(65_536) })).toThrow(RangeError)
  })

  test('have one error for a field that cannot be', () => {
    expect(malformedTLV('why')).toMatchObject({ violation: 'malformed-tlv', message: 'why' })
  })
})
