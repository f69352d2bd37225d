import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import {
  firstByte,
  type FrameHeader,
  frameHeaderBytes,
  isControl,
  isOpcode,
  Opcode,
  putFrameHeader,
  type Role,
  takeFrameHeader,
} from '../../src/codec/frame-header.ts'

const { continuation, text, binary, ping } = Opcode

describe('takeFrameHeader', () => {
  test.each<[string, Role, FrameHeader]>([
    ['8100', 'client', { fin: true, compressed: false, opcode: text, payloadBytes: 0, maskKey: 0 }],
    ['0201', 'client', { fin: false, compressed: false, opcode: binary, payloadBytes: 1, maskKey: 0 }],
    ['807d', 'client', { fin: true, compressed: false, opcode: continuation, payloadBytes: 125, maskKey: 0 }],
    ['897d', 'client', { fin: true, compressed: false, opcode: ping, payloadBytes: 125, maskKey: 0 }],
    ['827e007e', 'client', { fin: true, compressed: false, opcode: binary, payloadBytes: 126, maskKey: 0 }],
    [
      '827effff',
      'client',
      { fin: true, compressed: false, opcode: binary, payloadBytes: 65_535, maskKey: 0 },
    ],
    [
      '827f0000000000010000',
      'client',
      { fin: true, compressed: false, opcode: binary, payloadBytes: 65_536, maskKey: 0 },
    ],
    [
      '827f001fffffffffffff',
      'client',
      { fin: true, compressed: false, opcode: binary, payloadBytes: 2 ** 53 - 1, maskKey: 0 },
    ],
    [
      '818501020304',
      'server',
      { fin: true, compressed: false, opcode: text, payloadBytes: 5, maskKey: 0x04030201 },
    ],
    [
      '82fe0100fffefdfc',
      'server',
      { fin: true, compressed: false, opcode: binary, payloadBytes: 256, maskKey: ~0x03020100 },
    ],
    [
      '82ff000000010000000000000080',
      'server',
      { fin: true, compressed: false, opcode: binary, payloadBytes: 2 ** 32, maskKey: -(2 ** 31) },
    ],
  ])('takes %s as a %s, whole or not at all', (hex, role, expected) => {
    for (const pieces of chunkings(Buffer.from(hex, 'hex'))) {
      const input = new ByteQueue()
      for (const piece of pieces.slice(0, -1)) {
        input.push(piece)
        const heldBytes = input.length
        expect(takeFrameHeader(input, role, false)).toBeUndefined()
        expect(input.length).toBe(heldBytes)
      }
      input.push(Buffer.concat([...pieces.slice(-1), Buffer.from('rest')]))
      expect(takeFrameHeader(input, role, false)).toEqual(expected)
      expect(input.takeAll().toString()).toBe('rest')
    }
  })

  test('refuses an invalid header as soon as its first two bytes show it', () => {
    const refusals: [string, Role, string][] = [
      ['c100', 'client', 'reserved-bits'],
      ['8300', 'client', 'reserved-opcode'],
      ['8180', 'client', 'unexpected-mask'],
      ['8100', 'server', 'missing-mask'],
      ['0900', 'client', 'control-frame-fragmented'],
      ['89fe', 'server', 'control-frame-too-long'],
    ]
    for (const [hex, role, violation] of refusals) {
      const input = new ByteQueue()
      input.push(Buffer.from(hex, 'hex'))
      expect(() => takeFrameHeader(input, role, false)).toThrow(expect.objectContaining({ violation }))
    }
  })
})

describe('takeFrameHeader: compression', () => {
  test('takes RSV1 of the first frame of a message, if compression was agreed', () => {
    for (const [hex, opcode, fin] of [
      ['c100', text, true],
      ['4200', binary, false],
    ] as const) {
      const input = new ByteQueue()
      input.push(Buffer.from(hex, 'hex'))
      expect(takeFrameHeader(input, 'client', true)).toEqual({
        fin,
        compressed: true,
        opcode,
        payloadBytes: 0,
        maskKey: 0,
      })
    }
  })

  test('refuses RSV1 in control frames and continuations, and RSV2 and RSV3 always', () => {
    for (const first of [0xc0, 0x40, 0xc8, 0xc9, 0xca, 0xa1, 0x91, 0xe1, 0xd2]) {
      const input = new ByteQueue()
      input.push(Buffer.of(first, 0))
      expect(() => takeFrameHeader(input, 'client', true), `${first}`).toThrow(
        expect.objectContaining({ violation: 'reserved-bits' }),
      )
    }
  })
})

describe('putFrameHeader', () => {
  test.each([0, 125, 126, 65_535, 65_536, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER])(
    'writes a length of %d in its shortest form, which takeFrameHeader reads',
    (payloadBytes) => {
      const shortest = payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10
      for (const [role, peer, keyBytes] of [
        ['server', 'client', 0],
        ['client', 'server', 4],
      ] as const) {
        expect(frameHeaderBytes(payloadBytes, role)).toBe(shortest + keyBytes)
        const header = Buffer.alloc(shortest + keyBytes)
        putFrameHeader(header, firstByte(binary, { fin: true, compressed: false }), payloadBytes, role)
        const input = new ByteQueue()
        input.push(header)
        expect(takeFrameHeader(input, peer, false)).toEqual({
          fin: true,
          compressed: false,
          opcode: binary,
          payloadBytes,
          maskKey: 0,
        })
        expect(input.length).toBe(0)
      }
    },
  )
})

describe('Opcode', () => {
  test('has six opcodes that are not reserved, of which three are control opcodes', () => {
    const known = Array.from({ length: 16 }, (_, code) => code).filter(isOpcode)
    expect(known).toEqual(Object.values(Opcode))
    expect(known.filter(isControl)).toEqual([Opcode.close, Opcode.ping, Opcode.pong])
  })
})
