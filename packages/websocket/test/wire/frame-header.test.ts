import { ByteQueue } from '@ropewalk/core/bytes'
import { describe, expect, test } from 'vitest'
import { frameHeaderBytes, putFrameHeader, takeFrameHeader } from '../../src/wire/frame-header.ts'
import { Opcode } from '../../src/wire/opcode.ts'

describe('putFrameHeader and takeFrameHeader', () => {
  test('read what was written, whole or not at all', () => {
    for (const payloadBytes of [0, 125, 126, 65_535, 65_536, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
      const bytes = Buffer.alloc(frameHeaderBytes(payloadBytes))
      expect(putFrameHeader(bytes, Opcode.binary, payloadBytes, false)).toBe(bytes.length)
      const input = new ByteQueue()
      input.push(bytes.subarray(0, bytes.length - 1))
      expect(takeFrameHeader(input, 'client')).toBeUndefined()
      expect(input.length).toBe(bytes.length - 1)
      input.push(bytes.subarray(bytes.length - 1))
      expect(takeFrameHeader(input, 'client')).toEqual({
        fin: true,
        opcode: Opcode.binary,
        payloadBytes,
        maskKey: 0,
      })
      expect(input.length).toBe(0)
    }
  })
})
