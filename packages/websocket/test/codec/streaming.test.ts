import { ByteQueue } from '@ropewalk/core/bytes'
import { describe, expect, test } from 'vitest'
import type { MessageInflater } from '../../src/codec/compression.ts'
import { DEFAULT_WEBSOCKET_LIMITS } from '../../src/codec/limits.ts'
import { MessageReader } from '../../src/codec/message-reader.ts'
import { WebSocketError } from '../../src/errors.ts'
import { encodeFor, part, peerFrame } from './peer-frames.ts'
import { chopped, readMessages, type ReadingOptions, summaries } from './read-messages.ts'

const [MORE, TEXT, BINARY, PING] = [0, 1, 2, 9]
const RSV1 = 4

describe('MessageReader: streaming', () => {
  const streaming = (): ReadingOptions => ({ streaming: true })

  test('returns the parts of each message, with control frames between them', () => {
    const frames = [
      part(TEXT, 'ab'),
      peerFrame(PING, 'p'),
      part(MORE),
      peerFrame(MORE, 'c'),
      peerFrame(BINARY, 'xyz'),
      peerFrame(BINARY),
    ]
    expect(summaries(frames, {}, streaming)).toEqual([
      'begin text; data "ab"; frame-end; ping "p"; frame-end; data "c"; frame-end; end; ' +
        'begin bytes; data "xyz"; frame-end; end; begin bytes; frame-end; end',
    ])
  })

  test('returns the bytes of a frame as they arrive', () => {
    const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS, streaming: true })
    const input = new ByteQueue()
    const bytes = encodeFor('server', [peerFrame(BINARY, 'abcd')])
    input.push(bytes.subarray(0, 8))
    expect(reader.next(input)).toEqual({ type: 'message-begin', kind: 'bytes' })
    expect(reader.next(input)).toEqual({ type: 'message-data', data: Buffer.from('ab') })
    expect(reader.next(input)).toBeUndefined()
    input.push(bytes.subarray(8))
    expect(reader.next(input)).toEqual({ type: 'message-data', data: Buffer.from('cd') })
    expect(reader.next(input)).toEqual({ type: 'frame-end' })
    expect(reader.next(input)).toEqual({ type: 'message-end' })
    expect(reader.next(input)).toBeUndefined()
  })

  test('refuses text at its first invalid byte, and text that ends within a character', () => {
    expect(summaries([part(TEXT, 'a'), peerFrame(MORE, Buffer.of(0xff))], {}, streaming)).toEqual([
      'begin text; data "a"; frame-end; !invalid-utf8',
    ])
    const cutShort = [part(TEXT, 'a'), peerFrame(PING), peerFrame(MORE, Buffer.of(0xe2))]
    expect(summaries(cutShort, {}, streaming)).toEqual([
      'begin text; data "a"; frame-end; ping ""; !invalid-utf8',
    ])
    const split = [part(TEXT, Buffer.of(0xc3)), peerFrame(MORE, Buffer.of(0xbc))]
    expect(summaries(split, {}, streaming)).toEqual([
      'begin text; data "\xc3"; frame-end; data "\xbc"; frame-end; end',
    ])
  })

  test('applies the limits on bytes and fragments to each message', () => {
    const frames = [part(TEXT, '12345'), peerFrame(MORE, '67890'), part(TEXT, '12345'), part(MORE, '678901')]
    expect(summaries(frames, { maxMessageBytes: 10 }, streaming)).toEqual([
      'begin text; data "12345"; frame-end; data "67890"; frame-end; end; ' +
        'begin text; data "12345"; frame-end; !message-too-large',
    ])
    const empty = [part(TEXT), ...Array.from({ length: 40_000 }, () => part(MORE))]
    const { refused } = readMessages([encodeFor('server', empty)], {}, 'server', streaming())
    expect(refused?.violation).toBe('too-many-fragments')
  })

  test('copies no payload in large pieces', () => {
    const bytes = encodeFor('server', [peerFrame(BINARY, Buffer.alloc(1 << 20))])
    const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS, streaming: true })
    const input = new ByteQueue()
    for (const piece of chopped(bytes, 65_536)) {
      input.push(Buffer.from(piece))
      while (reader.next(input) !== undefined);
    }
    expect(input.workBytes).toBeLessThan(2048)
  })
})

describe('MessageReader: rawText', () => {
  const rawText = (): ReadingOptions => ({ rawText: true })

  test('returns text as bytes that are checked', () => {
    const frames = [peerFrame(TEXT, 'ü'), part(TEXT, Buffer.of(0xc3)), peerFrame(MORE, Buffer.of(0xbc))]
    expect(summaries([...frames, peerFrame(BINARY, 'b')], {}, rawText)).toEqual([
      'raw-text "\xc3\xbc"; raw-text "\xc3\xbc"; bytes "b"',
    ])
    expect(summaries([peerFrame(TEXT, Buffer.of(0xff))], {}, rawText)).toEqual(['!invalid-utf8'])
    expect(summaries([peerFrame(TEXT, Buffer.of(0xc3))], {}, rawText)).toEqual(['!invalid-utf8'])
  })
})

describe('MessageReader: midFrame', () => {
  test.each([{}, { streaming: true }])(
    'is true from the first byte of a frame to its last (%o)',
    (options) => {
      const frames = [
        peerFrame(BINARY, Buffer.alloc(200)),
        part(TEXT, 'ab'),
        peerFrame(PING, 'x'),
        peerFrame(MORE),
      ]
      const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS, ...options })
      const input = new ByteQueue()
      expect(reader.midFrame).toBe(false)
      for (const frame of frames) {
        const bytes = encodeFor('server', [frame])
        for (let at = 0; at < bytes.length; at++) {
          input.push(Buffer.from(bytes.subarray(at, at + 1)))
          while (reader.next(input) !== undefined);
          expect(reader.midFrame, `${frame.opcode} ${at}`).toBe(at < bytes.length - 1)
        }
      }
    },
  )

  test('is false after a violation', () => {
    const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS })
    const input = new ByteQueue()
    input.push(Buffer.of(0x83, 0x80))
    expect(() => reader.next(input)).toThrow(WebSocketError)
    expect(reader.midFrame).toBe(false)
  })
})

describe('MessageReader: compression', () => {
  const whole = (): ReadingOptions => ({ inflater: new Doubling() })
  const rawText = (): ReadingOptions => ({ inflater: new Doubling(), rawText: true })
  const streaming = (): ReadingOptions => ({ inflater: new Doubling(), streaming: true })
  const compressed = { rsv: RSV1 }
  const frames = [
    peerFrame(TEXT, 'abc', compressed),
    peerFrame(BINARY, 'plain'),
    peerFrame(BINARY, 'xy', { rsv: RSV1, fin: false }),
    peerFrame(PING, 'p'),
    part(MORE),
    peerFrame(MORE, 'z'),
    peerFrame(TEXT, '', compressed),
  ]

  test('inflates the messages with RSV1, and passes the end of each to the inflater', () => {
    expect(summaries(frames, {}, whole)).toEqual([
      'text "aabbcc|"; bytes "plain"; ping "p"; bytes "xxyyzz|"; text "|"',
    ])
    expect(summaries(frames, {}, rawText)).toEqual([
      'raw-text "aabbcc|"; bytes "plain"; ping "p"; bytes "xxyyzz|"; raw-text "|"',
    ])
    expect(summaries(frames, {}, streaming)).toEqual([
      'begin text; data "aabbcc|"; frame-end; end; begin bytes; data "plain"; frame-end; end; ' +
        'begin bytes; data "xxyy"; frame-end; ping "p"; frame-end; data "zz|"; frame-end; end; ' +
        'begin text; data "|"; frame-end; end',
    ])
  })

  test('refuses RSV1 without an inflater', () => {
    expect(summaries([peerFrame(TEXT, 'abc', compressed)])).toEqual(['!reserved-bits'])
  })

  test('limits the inflated bytes', () => {
    const seven = [peerFrame(TEXT, 'abc', compressed)]
    expect(summaries(seven, { maxMessageBytes: 7 }, whole)).toEqual(['text "aabbcc|"'])
    expect(summaries(seven, { maxMessageBytes: 6 }, whole)).toEqual(['!message-too-large'])
    expect(summaries(seven, { maxMessageBytes: 7 }, streaming)).toEqual([
      'begin text; data "aabbcc|"; frame-end; end',
    ])
    const { refused } = readMessages(
      [encodeFor('server', seven)],
      { maxMessageBytes: 6 },
      'server',
      streaming(),
    )
    expect(refused?.violation).toBe('message-too-large')
  })

  test('limits the bytes that a compressed message has on the wire', () => {
    // 80 are allowed 64 + 80 / 8 more, with which every message of 80 bytes can be deflated.
    const silent = (): ReadingOptions => ({ inflater: { inflate: () => new Uint8Array(0) } })
    const ofBytes = (bytes: number): readonly string[] => {
      const half = Buffer.alloc(bytes - 60)
      const both = [peerFrame(BINARY, Buffer.alloc(60), { rsv: RSV1, fin: false }), peerFrame(MORE, half)]
      return summaries(both, { maxMessageBytes: 80 }, silent)
    }
    expect(ofBytes(154)).toEqual(['bytes ""'])
    expect(ofBytes(155)).toEqual(['!message-too-large'])
  })

  test('applies maxFrameBytes to the bytes on the wire', () => {
    const three = [peerFrame(TEXT, 'abc', compressed)]
    expect(summaries(three, { maxFrameBytes: 3 }, whole)).toEqual(['text "aabbcc|"'])
    expect(summaries(three, { maxFrameBytes: 2 }, whole)).toEqual(['!message-too-large'])
  })

  test('refuses inflated text that is not UTF-8', () => {
    const text = [peerFrame(TEXT, Buffer.of(0xff), compressed)]
    expect(summaries(text, {}, whole)).toEqual(['!invalid-utf8'])
    expect(summaries(text, {}, rawText)).toEqual(['!invalid-utf8'])
    expect(summaries(text, {}, streaming)).toEqual(['begin text; !invalid-utf8'])
  })

  test('passes on the error of the inflater, and stops', () => {
    const inflater: MessageInflater = {
      inflate() {
        throw new WebSocketError('invalid-compression', 'Cannot inflate this')
      },
    }
    expect(summaries([...frames, peerFrame(TEXT, 'a')], {}, () => ({ inflater }))).toEqual([
      '!invalid-compression',
    ])
  })
})

/** "Inflates" each byte to two, and the end of a message to `|`. */
class Doubling implements MessageInflater {
  inflate(data: Uint8Array, last: boolean, mostBytes: number): Uint8Array {
    const inflated = Buffer.from([
      ...[...data].flatMap((byte) => [byte, byte]),
      ...(last ? Buffer.from('|') : []),
    ])
    if (inflated.length > mostBytes) throw new WebSocketError('message-too-large', 'Cannot inflate so much')
    return inflated
  }
}
