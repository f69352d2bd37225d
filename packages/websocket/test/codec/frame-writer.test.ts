import { describe, expect, test } from 'vitest'
import { Opcode } from '../../src/codec/frame-header.ts'
import { FrameWriter } from '../../src/codec/frame-writer.ts'
import { closing, serverFrame } from '../websocket-exchange.ts'

function written(write: (writer: FrameWriter, sink: { write(data: Uint8Array): boolean }) => void): Buffer[] {
  const parts: Buffer[] = []
  write(new FrameWriter({ role: 'server' }), { write: (data) => parts.push(Buffer.from(data)) > 0 })
  return parts
}

describe('FrameWriter', () => {
  test('writes a short frame in one piece, in the shortest length form', () => {
    expect(written((writer, sink) => writer.text('Grüße', sink))).toEqual([serverFrame(1, 'Grüße')])
    expect(written((writer, sink) => writer.bytes(Buffer.alloc(125), sink))[0]?.subarray(0, 2)).toEqual(
      Buffer.of(0x82, 125),
    )
    expect(written((writer, sink) => writer.bytes(Buffer.alloc(126), sink))[0]?.subarray(0, 4)).toEqual(
      Buffer.of(0x82, 126, 0, 126),
    )
  })

  test('writes a long payload without a copy after its header', () => {
    const data = Buffer.alloc(65_536, 'x')
    const parts = written((writer, sink) => writer.bytes(data, sink))
    expect(parts).toEqual([Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0), data])
  })

  test('writes pings, pongs and close frames', () => {
    expect(written((writer, sink) => writer.ping(Buffer.from('p'), sink))).toEqual([serverFrame(9, 'p')])
    expect(written((writer, sink) => writer.pong(Buffer.alloc(0), sink))).toEqual([serverFrame(10)])
    expect(written((writer, sink) => writer.close({ code: 1001, reason: 'ü' }, sink))).toEqual([
      serverFrame(8, closing(1001, 'ü')),
    ])
    expect(written((writer, sink) => writer.close({ code: undefined, reason: '' }, sink))).toEqual([
      serverFrame(8),
    ])
  })

  test('refuses control frames that cannot be sent, and writes nothing', () => {
    const tooMuch = written((writer, sink) => {
      expect(() => writer.ping(Buffer.alloc(126), sink)).toThrow(RangeError)
      for (const code of [0, -1, 999, 1000.5, NaN, Infinity, 1004, 1005, 1006, 1015, 2999, 5000, 66_536]) {
        expect(() => writer.close({ code, reason: '' }, sink)).toThrow(RangeError)
      }
      expect(() => writer.close({ code: 1000, reason: 'ü'.repeat(62) }, sink)).toThrow('at most 123')
    })
    expect(tooMuch).toEqual([])
  })

  test('refuses values of the wrong type, and writes nothing (CVE-2016-10518, CVE-2026-45736)', () => {
    const parts: Buffer[] = []
    const sink = { write: (data: Uint8Array): boolean => parts.push(Buffer.from(data)) > 0 }
    for (const writer of WRITERS) {
      for (const wrong of [5, 5000, true, null, undefined, 'text', [1], { length: 5 }, ...OTHER_VIEWS]) {
        const data = wrong as Uint8Array
        expect(() => writer.bytes(data, sink)).toThrow(TypeError)
        expect(() => writer.ping(data, sink)).toThrow(TypeError)
        expect(() => writer.message('text', data, { compressed: false }, sink)).toThrow(TypeError)
        expect(() => writer.fragment(Opcode.text, data, { fin: true, compressed: false }, sink)).toThrow(
          TypeError,
        )
        expect(() => writer.pong(data, sink)).toThrow(TypeError)
      }
      for (const wrong of [5, null, undefined, ...OTHER_VIEWS]) {
        const text = wrong as unknown as string
        expect(() => writer.text(text, sink)).toThrow(TypeError)
        expect(() => writer.close({ code: 1000, reason: text }, sink)).toThrow(TypeError)
      }
      const bytes = Buffer.from('text') as unknown as string
      expect(() => writer.close({ code: 1000, reason: bytes }, sink)).toThrow(TypeError)
    }
    expect(parts).toEqual([])
  })

  test('writes text that is UTF-8 already, with the limits of copying that bytes have', () => {
    expect(written((writer, sink) => writer.text(Buffer.from('Grüße'), sink))).toEqual([
      serverFrame(1, 'Grüße'),
    ])
    const data = Buffer.alloc(5000, 'x')
    const parts = written((writer, sink) => writer.text(data, sink))
    expect(parts).toEqual([Buffer.of(0x81, 126, 5000 >> 8, 5000 & 255), data])
  })

  test('writes ready payloads as messages, with RSV1 if compressed', () => {
    const first = (kind: 'text' | 'bytes', compressed: boolean): number | undefined =>
      written((writer, sink) => writer.message(kind, Buffer.from('ab'), { compressed }, sink))[0]?.[0]
    expect(first('text', false)).toBe(0x81)
    expect(first('text', true)).toBe(0xc1)
    expect(first('bytes', false)).toBe(0x82)
    expect(first('bytes', true)).toBe(0xc2)
  })

  test('writes fragments with their flags', () => {
    const parts = written((writer, sink) => {
      writer.fragment(Opcode.text, Buffer.from('a'), { fin: false, compressed: true }, sink)
      writer.fragment(Opcode.continuation, Buffer.from('b'), { fin: false, compressed: false }, sink)
      writer.fragment(Opcode.continuation, Buffer.alloc(0), { fin: true, compressed: false }, sink)
    })
    expect(parts.map((bytes) => bytes.toString('latin1'))).toEqual(['\x41\x01a', '\x00\x01b', '\x80\x00'])
  })

  test('refuses fragments of control frames and compressed continuations, and writes nothing', () => {
    const nothing = written((writer, sink) => {
      for (const opcode of [Opcode.close, Opcode.ping, Opcode.pong]) {
        expect(() =>
          writer.fragment(opcode, Buffer.alloc(0), { fin: true, compressed: false }, sink),
        ).toThrow(RangeError)
      }
      const compressed = { fin: true, compressed: true }
      expect(() => writer.fragment(Opcode.continuation, Buffer.alloc(0), compressed, sink)).toThrow(
        RangeError,
      )
    })
    expect(nothing).toEqual([])
  })

  test("returns the result of the sink's last write", () => {
    const writer = new FrameWriter({ role: 'server' })
    const results = [true, false]
    expect(writer.bytes(Buffer.alloc(5000), { write: () => results.shift() ?? true })).toBe(false)
    expect(writer.text('a', { write: () => false })).toBe(false)
    expect(writer.text('a', { write: () => true })).toBe(true)
  })

  test('writes a lone surrogate as U+FFFD', () => {
    expect(written((writer, sink) => writer.text('a\ud83d', sink))).toEqual([serverFrame(1, 'a\ufffd')])
  })

  test('copies a short payload, so that the caller may change it', () => {
    const data = Buffer.alloc(4096, 1)
    const parts: Uint8Array[] = []
    new FrameWriter({ role: 'server' }).bytes(data, { write: (part) => parts.push(part) > 0 })
    data.fill(2)
    expect(Buffer.concat(parts).subarray(4).equals(Buffer.alloc(4096, 1))).toBe(true)
  })

  test("masks a client frame with a random key, and does not change the caller's payload", () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5)
    const parts: Buffer[] = []
    const writer = new FrameWriter({ role: 'client', randomBytes: () => Uint8Array.of(0xa, 0xb, 0xc, 0xd) })
    writer.bytes(data, { write: (part) => parts.push(Buffer.from(part)) > 0 })
    expect(parts).toEqual([
      Buffer.of(0x82, 0x85, 0xa, 0xb, 0xc, 0xd, 1 ^ 0xa, 2 ^ 0xb, 3 ^ 0xc, 4 ^ 0xd, 5 ^ 0xa),
    ])
    expect(data).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
  })

  test('takes four random bytes for each client frame', () => {
    const counts: number[] = []
    const randomBytes = (count: number): Uint8Array => {
      counts.push(count)
      return new Uint8Array(count).fill(counts.length)
    }
    const keys: string[] = []
    const writer = new FrameWriter({ role: 'client', randomBytes })
    const sink = { write: (part: Uint8Array): boolean => keys.push(Buffer.from(part).toString('hex')) > 0 }
    writer.text('', sink)
    writer.ping(Buffer.alloc(0), sink)
    writer.close({ code: undefined, reason: '' }, sink)
    expect(counts).toEqual([4, 4, 4])
    expect(keys).toEqual(['818001010101', '898002020202', '888003030303'])
  })
})

const WRITERS = [
  new FrameWriter({ role: 'server' }),
  new FrameWriter({ role: 'client', randomBytes: (count) => new Uint8Array(count) }),
]
const OTHER_VIEWS = [new Uint16Array(2), new DataView(new ArrayBuffer(4)), new ArrayBuffer(4)]
