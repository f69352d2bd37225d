import { describe, expect, test } from 'vitest'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { answer, closing } from '../websocket-exchange.ts'

function written(write: (writer: FrameWriter, sink: { write(data: Uint8Array): boolean }) => void): Buffer[] {
  const parts: Buffer[] = []
  write(new FrameWriter({ role: 'server' }), { write: (data) => parts.push(Buffer.from(data)) > 0 })
  return parts
}

describe('FrameWriter', () => {
  test('writes a short frame in one piece, in the shortest length form', () => {
    expect(written((writer, sink) => writer.text('Grüße', sink))).toEqual([answer(1, 'Grüße')])
    expect(written((writer, sink) => writer.bytes(Buffer.alloc(125), sink))[0]?.subarray(0, 2)).toEqual(
      Buffer.of(0x82, 125),
    )
    expect(written((writer, sink) => writer.bytes(Buffer.alloc(126), sink))[0]?.subarray(0, 4)).toEqual(
      Buffer.of(0x82, 126, 0, 126),
    )
  })

  test('writes a long payload behind its header, as it is', () => {
    const data = Buffer.alloc(65_536, 'x')
    const parts = written((writer, sink) => writer.bytes(data, sink))
    expect(parts).toEqual([Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0), data])
  })

  test('writes pings, pongs and close frames', () => {
    expect(written((writer, sink) => writer.ping(Buffer.from('p'), sink))).toEqual([answer(9, 'p')])
    expect(written((writer, sink) => writer.pong(Buffer.alloc(0), sink))).toEqual([answer(10)])
    expect(written((writer, sink) => writer.close({ code: 1001, reason: 'ü' }, sink))).toEqual([
      answer(8, closing(1001, 'ü')),
    ])
    expect(written((writer, sink) => writer.close({ code: undefined, reason: '' }, sink))).toEqual([
      answer(8),
    ])
  })

  test('refuses control frames that cannot be sent, and writes nothing', () => {
    const tooMuch = written((writer, sink) => {
      expect(() => writer.ping(Buffer.alloc(126), sink)).toThrow(RangeError)
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]) {
        expect(() => writer.close({ code, reason: '' }, sink)).toThrow(RangeError)
      }
      expect(() => writer.close({ code: 1000, reason: 'ü'.repeat(62) }, sink)).toThrow('at most 123')
    })
    expect(tooMuch).toEqual([])
  })

  test('masks a client frame with a fresh key, and leaves the payload alone', () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5)
    const parts: Buffer[] = []
    const writer = new FrameWriter({ role: 'client', randomBytes: () => Uint8Array.of(0xa, 0xb, 0xc, 0xd) })
    writer.bytes(data, { write: (part) => parts.push(Buffer.from(part)) > 0 })
    expect(parts).toEqual([
      Buffer.of(0x82, 0x85, 0xa, 0xb, 0xc, 0xd, 1 ^ 0xa, 2 ^ 0xb, 3 ^ 0xc, 4 ^ 0xd, 5 ^ 0xa),
    ])
    expect(data).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
  })
})
