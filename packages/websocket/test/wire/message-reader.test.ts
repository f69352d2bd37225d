import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { MessageReader } from '../../src/wire/message-reader.ts'
import type { WebSocketLimits } from '../../src/wire/websocket-limits.ts'
import { closing, frame } from '../websocket-exchange.ts'
import { readMessages, summary } from './read-messages.ts'

const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10]

/** The same in every chunking. */
function expectRead(
  frames: readonly Uint8Array[],
  expected: string,
  limits: Partial<WebSocketLimits> = {},
): void {
  const bytes = Buffer.concat(frames)
  for (const pieces of chunkings(bytes))
    expect(summary(readMessages(pieces, limits)), bytes.toString('hex')).toBe(expected)
}

/** Refused, and nothing behind it read. */
function expectRefused(frames: readonly Uint8Array[], code: number, before: string = ''): void {
  expectRead([...frames, frame(TEXT, 'never')], `${before}${before === '' ? '' : '; '}!${code}`)
}

describe('MessageReader: frames', () => {
  test('reads text and bytes of every length form', () => {
    expectRead([frame(TEXT), frame(BINARY), frame(TEXT, 'Hello')], 'text ""; bytes ""; text "Hello"')
    for (const length of [125, 126, 127, 300]) {
      expectRead(
        [frame(TEXT, 'x'.repeat(length)), frame(BINARY, 'y'.repeat(length))],
        `text "${'x'.repeat(length)}"; bytes "${'y'.repeat(length)}"`,
      )
    }
    for (const length of [65_535, 65_536, 200_001]) {
      const [event] = readMessages([frame(BINARY, Buffer.alloc(length, 'abc'))]).events
      expect(event?.type === 'bytes' && event.data.equals(Buffer.alloc(length, 'abc'))).toBe(true)
    }
  })

  test('a header is read whole or not at all, a frame is cut at every byte', () => {
    const bytes = frame(TEXT, 'x'.repeat(200))
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(summary(readMessages([bytes.subarray(0, cut)]))).toBe('')
      expect(summary(readMessages([bytes.subarray(0, cut), bytes.subarray(cut)]))).toBe(
        `text "${'x'.repeat(200)}"`,
      )
    }
  })

  test('reads pings and pongs with up to 125 bytes, and refuses longer ones (Autobahn 2)', () => {
    expectRead([frame(PING), frame(PING, 'Hi'), frame(PONG, 'back')], 'ping ""; ping "Hi"; pong "back"')
    expectRead([frame(PING, 'p'.repeat(125))], `ping "${'p'.repeat(125)}"`)
    expectRefused([frame(PING, 'p'.repeat(126))], 1002)
  })

  test('refuses reserved bits and opcodes (Autobahn 3, 4)', () => {
    for (const rsv of [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70]) {
      expectRefused([frame(TEXT, 'ok'), frame(TEXT, 'x', { rsv })], 1002, 'text "ok"')
      expectRefused([frame(PING, '', { rsv })], 1002)
    }
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) expectRefused([frame(opcode, 'x')], 1002)
  })

  test('joins fragments, with control frames between them (Autobahn 5)', () => {
    const part = (opcode: number, payload: string): Buffer => frame(opcode, payload, { fin: false })
    expectRead([part(TEXT, 'a'), part(CONTINUATION, ''), frame(CONTINUATION, 'b')], 'text "ab"')
    expectRead(
      [
        part(BINARY, 'a'),
        frame(PING, '1'),
        part(CONTINUATION, 'b'),
        frame(PONG, '2'),
        frame(CONTINUATION, 'c'),
      ],
      'ping "1"; pong "2"; bytes "abc"',
    )
    expectRead([part(TEXT, ''), frame(CONTINUATION, '')], 'text ""')
    expectRefused([frame(CONTINUATION, 'x')], 1002)
    expectRefused([part(CONTINUATION, 'x')], 1002)
    expectRefused([part(TEXT, 'a'), frame(TEXT, 'b')], 1002)
    expectRefused([part(TEXT, 'a'), part(BINARY, 'b')], 1002)
    for (const opcode of [CLOSE, PING, PONG]) expectRefused([frame(opcode, '', { fin: false })], 1002)
  })

  test('refuses frames that a client did not mask, or a server did', () => {
    expectRefused([Uint8Array.of(0x81, 0x00)], 1002)
    expect(summary(readMessages([Uint8Array.of(0x81, 0x01, 0x61)], {}, 'client'))).toBe('text "a"')
    expect(summary(readMessages([frame(TEXT, 'a')], {}, 'client'))).toBe('!1002')
  })

  test('refuses lengths that are not minimal, or beyond 2^53 (CVE-2020-27813, CVE-2026-1528)', () => {
    expectRefused([Uint8Array.of(0x82, 0xfe, 0, 125, 0, 0, 0, 0)], 1002)
    expectRefused([Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0)], 1002)
    for (const high of [0x80, 0xff, 0x7f, 0x00]) {
      expectRefused([Uint8Array.of(0x82, 0xff, high, 0x20, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)], 1002)
    }
  })

  test('reads close frames, and nothing behind them (Autobahn 7)', () => {
    expectRead([frame(CLOSE), frame(TEXT, 'late')], 'close undefined ""')
    expectRead([frame(CLOSE, closing(1000, 'done')), frame(PING)], 'close 1000 "done"')
    expectRead([frame(CLOSE, closing(1000, 'x'.repeat(123)))], `close 1000 "${'x'.repeat(123)}"`)
    for (const code of [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ])
      expectRead([frame(CLOSE, closing(code))], `close ${code} ""`)
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
      expectRefused([frame(CLOSE, closing(code))], 1002)
    expectRefused([frame(CLOSE, 'x')], 1002)
    expectRefused([frame(CLOSE, Buffer.concat([closing(1000), Uint8Array.of(0xff)]))], 1007)
  })
})

describe('MessageReader: UTF-8 (Autobahn 6)', () => {
  test('takes every kind of character, cut anywhere, also between fragments', () => {
    const text = 'κόσμε ß€😀\u{10ffff}\ufeff\0\u{d7ff}\u{e000}'
    expectRead([frame(TEXT, text)], `text "${text}"`)
    const bytes = Buffer.from(text)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const fragments = [
        frame(TEXT, bytes.subarray(0, cut), { fin: false }),
        frame(CONTINUATION, bytes.subarray(cut)),
      ]
      expect(summary(readMessages(fragments))).toBe(`text "${text}"`)
    }
  })

  test('refuses what is not UTF-8, with 1007, in whole frames and in fragments', () => {
    for (const bytes of [
      [0x80],
      [0xff],
      [0xc0, 0x80],
      [0xc1, 0xbf],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x80, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xce],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
      [0xce, 0x41],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
    ]) {
      expectRefused([frame(TEXT, Uint8Array.from(bytes))], 1007)
      const fragments = bytes.map((byte, at) =>
        frame(at === 0 ? TEXT : CONTINUATION, Uint8Array.of(byte), { fin: false }),
      )
      expectRefused([...fragments, frame(CONTINUATION)], 1007)
      expectRefused([frame(TEXT, Buffer.concat([Buffer.alloc(300, 'a'), Uint8Array.from(bytes)]))], 1007)
    }
  })

  test('refuses an invalid byte as soon as it has come, within a frame (Autobahn 6.4)', () => {
    const bytes = frame(
      TEXT,
      Buffer.concat([Buffer.from('κόσμε'), Uint8Array.of(0xf4, 0x90), Buffer.alloc(50, 'x')]),
    )
    const upTo = (count: number): string =>
      summary(readMessages(Array.from(bytes.subarray(0, count), (byte) => Uint8Array.of(byte))))
    const bad = 6 + Buffer.byteLength('κόσμε') + 1
    expect(upTo(bad)).toBe('')
    expect(upTo(bad + 1)).toBe('!1007')
  })
})

describe('MessageReader: limits', () => {
  test('refuses a frame or message beyond its limit from the header alone, with 1009 (CVE-2016-10542)', () => {
    expectRead([frame(TEXT, 'x'.repeat(10))], `text "${'x'.repeat(10)}"`, { maxMessageBytes: 10 })
    const header = frame(BINARY, Buffer.alloc(1000)).subarray(0, 8)
    expect(summary(readMessages([header], { maxMessageBytes: 999 }))).toBe('!1009')
    expect(summary(readMessages([header], { maxFrameBytes: 999 }))).toBe('!1009')
    expect(summary(readMessages([header], { maxMessageBytes: 1000 }))).toBe('')
    const fragments = [frame(BINARY, 'xxxxx', { fin: false }), frame(CONTINUATION, 'xxxxxx').subarray(0, 6)]
    expect(summary(readMessages(fragments, { maxMessageBytes: 10 }))).toBe('!1009')
  })

  test('65 536 fragments of 64 bytes pass, an endless run of empty ones does not (CVE-2026-48779)', () => {
    const part = frame(CONTINUATION, 'x'.repeat(64), { fin: false })
    const many = Buffer.concat([
      frame(BINARY, 'x'.repeat(64), { fin: false }),
      ...Array<Buffer>(65_534).fill(part),
      frame(CONTINUATION, 'x'.repeat(64)),
    ])
    for (const maxMessageBytes of [4 << 20, 16 << 20]) {
      const [event] = readMessages([many], { maxMessageBytes }).events
      expect(event?.type === 'bytes' && event.data.equals(Buffer.alloc(4 << 20, 'x'))).toBe(true)
    }
    const empty = Buffer.concat([
      frame(TEXT, '', { fin: false }),
      ...Array<Buffer>(40_000).fill(frame(CONTINUATION, '', { fin: false })),
    ])
    expect(summary(readMessages([empty]))).toBe('!1008')
  })

  test('counts the fragments of each message anew (ws #2333)', () => {
    const message = [frame(TEXT, '', { fin: false }), frame(CONTINUATION)]
    const many = Buffer.concat(Array<Buffer>(20_000).fill(Buffer.concat(message)))
    expect(readMessages([many], { maxMessageBytes: 1 }).events.length).toBe(20_000)
  })

  test('1 MiB one byte at a time costs linear work', () => {
    const bytes = frame(BINARY, Buffer.alloc(1 << 20))
    const input = new ByteQueue()
    const reader = new MessageReader({
      role: 'server',
      limits: { maxMessageBytes: 1 << 20, maxFrameBytes: Infinity },
    })
    let messages = 0
    for (const byte of bytes) {
      input.push(Buffer.of(byte))
      if (reader.next(input) !== undefined) messages++
    }
    expect(messages).toBe(1)
    expect(input.workBytes).toBeLessThan(2 << 20)
  })
})

describe('MessageReader and FrameWriter', () => {
  const message = fc.oneof(
    fc.record({ type: fc.constant('text' as const), text: fc.string({ unit: 'grapheme', maxLength: 300 }) }),
    fc.record({ type: fc.constant('bytes' as const), data: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({
      type: fc.constant('bytes' as const),
      data: fc.integer({ min: 4000, max: 70_000 }).map((n) => new Uint8Array(n).fill(n & 255)),
    }),
    fc.record({ type: fc.constant('ping' as const), payload: fc.uint8Array({ maxLength: 125 }) }),
  )

  test('what is written in either role is read again, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 12 }),
        fc.constantFrom('server' as const, 'client' as const),
        fc.array(fc.nat(), { maxLength: 20 }),
        (messages, role, cuts) => {
          const written: Buffer[] = []
          const sink = { write: (data: Uint8Array): boolean => written.push(Buffer.from(data)) > 0 }
          let key = 0
          const writer = new FrameWriter(
            role === 'server'
              ? { role }
              : { role, randomBytes: (count) => new Uint8Array(count).fill(++key * 37) },
          )
          for (const it of messages) {
            if (it.type === 'text') writer.text(it.text, sink)
            else if (it.type === 'bytes') writer.bytes(it.data, sink)
            else writer.ping(it.payload, sink)
          }
          const whole = Buffer.concat(written)
          const places = [
            0,
            ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b),
            whole.length,
          ]
          const pieces = places.slice(1).map((end, at) => whole.subarray(places[at], end))
          const { events } = readMessages(pieces, {}, role === 'server' ? 'client' : 'server')
          const expected = messages.map((it) => {
            if (it.type === 'text') return it
            const bytes = Buffer.from(it.type === 'bytes' ? it.data : it.payload)
            return it.type === 'bytes' ? { ...it, data: bytes } : { ...it, payload: bytes }
          })
          // Compared as text: comparing large Buffers element by element takes seconds.
          expect(summary({ events, refused: undefined })).toBe(
            summary({ events: expected, refused: undefined }),
          )
        },
      ),
    )
  })

  test('arbitrary bytes give events or a WebSocketError, nothing else', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.nat(15), fc.uint8Array({ maxLength: 20 }), fc.boolean())
        .map(([opcode, payload, fin]) => frame(opcode, payload, { fin })),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => void readMessages(pieces)),
      { numRuns: 2000 },
    )
  })
})
