import { describe, expect, test } from 'vitest'
import { isControl, isOpcode, Opcode } from '../../src/codec/opcode.ts'

describe('Opcode', () => {
  test('six of sixteen are not reserved, three of them control the connection', () => {
    const known = Array.from({ length: 16 }, (_, code) => code).filter(isOpcode)
    expect(known).toEqual(Object.values(Opcode))
    expect(known.filter(isControl)).toEqual([Opcode.close, Opcode.ping, Opcode.pong])
  })
})
