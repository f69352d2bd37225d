import * as zlib from 'node:zlib'
import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_DEFLATE_OPTIONS } from '../../src/deflate/deflate-options.ts'
import { DeflaterPool } from '../../src/deflate/deflater-pool.ts'
import { HandleDeflater } from '../../src/deflate/handle-deflater.ts'
import { HandleInflater } from '../../src/deflate/handle-inflater.ts'
import { InflaterPool } from '../../src/deflate/inflater-pool.ts'
import type { ClosableInflater, SlicedDeflater } from '../../src/deflate/message-codec.ts'
import { OneShotDeflater, OneShotInflater } from '../../src/deflate/one-shot.ts'
import type { DeflateDirection } from '../../src/deflate/deflate-agreement.ts'
import { MessageReader, type ReaderEvent } from '../../src/codec/message-reader.ts'
import { NODE_PLATFORM } from '../../src/connection/node-platform.ts'
import { encodeFor, part, type PeerFrame, peerFrame } from '../codec/peer-frames.ts'
import { ROLES } from '../codec/read-messages.ts'

const RSV1 = { rsv: 4 }
const MIB = 1 << 20
const open: { close(): void }[] = []
afterEach(() => open.splice(0).forEach((codec) => codec.close()))

/** Both ways to inflate and deflate: with the state below Node's streams, and with public functions only. */
const WAYS = [
  {
    way: 'ZlibHandle',
    inflater: (direction: DeflateDirection) => new HandleInflater(direction, new InflaterPool()),
    deflater: (direction: DeflateDirection) =>
      new HandleDeflater(direction, new DeflaterPool(DEFAULT_DEFLATE_OPTIONS)),
  },
  {
    way: 'one-shot',
    inflater: (direction: DeflateDirection) => new OneShotInflater(direction),
    deflater: (direction: DeflateDirection) => new OneShotDeflater(direction, DEFAULT_DEFLATE_OPTIONS),
  },
] as const
const DIRECTIONS = [8, 9, 12, 15].flatMap((windowBits) =>
  [true, false].map((contextTakeover) => ({ windowBits, contextTakeover })),
)
const TAKEOVER = { windowBits: 15, contextTakeover: true }

describe.each(WAYS)('messages with $way', ({ inflater, deflater }) => {
  function inflating(direction: DeflateDirection = TAKEOVER): ClosableInflater {
    const codec = inflater(direction)
    open.push(codec)
    return codec
  }
  function deflating(direction: DeflateDirection = TAKEOVER): SlicedDeflater {
    const codec = deflater(direction)
    open.push(codec)
    return codec
  }

  test('come back from the other side, for every window and with context takeover and without', () => {
    for (const direction of DIRECTIONS) {
      for (const other of WAYS) {
        const from = deflating(direction)
        const to = other.inflater(direction)
        open.push(to)
        for (const message of MESSAGES) {
          const inflated = all(to, from.deflate(message))
          expect(inflated.equals(message), JSON.stringify(direction)).toBe(true)
        }
      }
    }
  })

  test.each([Infinity, Number.MAX_SAFE_INTEGER])('may have %d bytes', (mostBytes) => {
    const message = Buffer.alloc(100_000)
    expect(all(inflating(), deflating().deflate(message), mostBytes).equals(message)).toBe(true)
  })

  test('refer to earlier ones with context takeover only', () => {
    const text = Buffer.from(JSON.stringify(MESSAGES[2]))
    for (const contextTakeover of [true, false]) {
      const from = deflating({ windowBits: 15, contextTakeover })
      const [first, second] = [from.deflate(text), from.deflate(text)]
      expect(second.length < first.length).toBe(contextTakeover)
      if (!contextTakeover) expect(second).toEqual(first)
      from.forget()
      expect(from.deflate(text)).toEqual(first)
    }
  })

  test('stay within a window of 256 bytes', () => {
    const from = deflating({ windowBits: 8, contextTakeover: true })
    const to = zlib.createInflateRaw({ windowBits: 8 })
    open.push(to)
    const unit = Buffer.from(Array.from({ length: 251 }, (_, at) => at))
    const deflated = Buffer.concat(Array.from({ length: 20 }, () => [from.deflate(unit), TAIL]).flat())
    // The unit repeats after 251 bytes, which is more than zlib refers back to with this window.
    expect(deflated.length).toBeGreaterThan(20 * 200)
    const inflated = zlib.inflateRawSync(deflated, {
      windowBits: 8,
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    })
    expect(inflated.length).toBe(20 * 251)
  })

  test('are one byte if they are empty, also one after another', () => {
    const from = deflating()
    for (let again = 0; again < 3; again++) {
      expect([...from.deflate(Buffer.alloc(0))]).toEqual([0])
      expect(all(inflating(), Buffer.of(0)).length).toBe(0)
    }
  })

  test('deflate in slices to what they deflate to at once', () => {
    const large = Buffer.concat(Array.from({ length: 40 }, (_, at) => Buffer.from(`${at}`.repeat(5000))))
    const [sliced, whole] = [deflating(), deflating()]
    for (let again = 0; again < 2; again++) {
      const slices = sliced.slices(large)
      let step = slices.next()
      while (step.done !== true) step = slices.next()
      expect(Buffer.from(step.value).equals(whole.deflate(large))).toBe(true)
    }
  })

  test('inflate as RFC 7692 §7.2.3 has them', () => {
    const cases = [
      ['f248cdc9c90700', 'Hello'],
      // 7.2.3.2: the same again refers to the first.
      ['f200110000', 'Hello'],
      // 7.2.3.3: a block without compression.
      ['000500faff48656c6c6f00', 'Hello'],
      // 7.2.3.5: two blocks.
      ['f248050000 00ffff cac9c90700'.replaceAll(' ', ''), 'Hello'],
    ] as const
    const to = inflating()
    for (const [hex, text] of cases) expect(all(to, Buffer.from(hex, 'hex')).toString()).toBe(text)
  })

  test('inflate after a block that is marked as the last one, and so do the next messages (BFINAL)', () => {
    for (const contextTakeover of [true, false]) {
      const to = inflating({ windowBits: 15, contextTakeover })
      const final = zlib.deflateRawSync('Hello')
      for (let again = 0; again < 3; again++) {
        // As RFC 7692 §7.2.3.4 has it, and as peers send it that leave away the empty block.
        expect(all(to, Buffer.concat([final, Buffer.of(0)])).toString()).toBe('Hello')
        expect(all(to, final).toString()).toBe('Hello')
        // Blocks before and after it.
        const both = [final, zlib.deflateRawSync(', '), deflateAlone('world')]
        expect(all(to, Buffer.concat(both)).toString()).toBe('Hello, world')
        expect(all(to, deflateAlone('next')).toString()).toBe('next')
      }
    }
  })

  test('refuse more than 64 blocks marked as the last one', () => {
    const final = zlib.deflateRawSync('')
    const of = (count: number): Buffer =>
      Buffer.concat([...Array.from({ length: count }, () => final), Buffer.of(0)])
    expect(all(inflating(), of(64)).length).toBe(0)
    expect(() => all(inflating(), of(66))).toThrow(INVALID)
  })

  test('refuse what ends within a block, at each place', () => {
    const message = Buffer.from(
      'The quick brown fox jumps over the lazy dog; the lazy dog sleeps. '.repeat(5),
    )
    for (const level of [0, 1, 9]) {
      const deflated = deflateAlone(message, { level })
      expect(all(inflating(), deflated).equals(message)).toBe(true)
      for (let length = 0; length < deflated.length; length++) {
        // The first byte of a stored block, and nothing else, is an empty message.
        if (level === 0 && length === 1) continue
        expect(() => all(inflating(), deflated.subarray(0, length)), `level ${level} at ${length}`).toThrow(
          INVALID,
        )
      }
    }
    const final = zlib.deflateRawSync(message)
    for (let length = 0; length < final.length; length++)
      expect(() => all(inflating(), final.subarray(0, length)), `at ${length}`).toThrow(INVALID)
  })

  test('refuse what is not DEFLATE', () => {
    for (const bytes of ['ff', '06', '07ff', 'f248cdc9c907ff', '0005000000', 'f248cdc9c9070000'])
      expect(() => all(inflating(), Buffer.from(bytes, 'hex')), bytes).toThrow(INVALID)
    // A reference before the beginning.
    expect(() => all(inflating(), Buffer.from('f200110000', 'hex'))).toThrow(INVALID)
  })

  test('refuse any other bytes, and never fail otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, contextTakeover) => {
        const to = inflater({ windowBits: 15, contextTakeover })
        try {
          all(to, bytes, 1000)
        } catch (error) {
          expect(error).toHaveProperty(
            'violation',
            expect.stringMatching(/^(invalid-compression|message-too-large)$/),
          )
        } finally {
          to.close()
        }
      }),
    )
  })

  test('are limited while they are inflated: at the limit and one byte beyond', () => {
    for (const bytes of [1, 1000, 65_535, 65_536, 65_537, 200_000]) {
      const deflated = deflateAlone(Buffer.alloc(bytes))
      expect(all(inflating(), deflated, bytes).length).toBe(bytes)
      expect(() => all(inflating(), deflated, bytes - 1), `${bytes}`).toThrow(TOO_LARGE)
    }
  })

  test('that would be gigabytes are refused after a slice beyond the limit', () => {
    const zeros = deflateAlone(Buffer.alloc(64 * MIB))
    expect(zeros.length).toBeLessThan(70_000)
    const { arrayBuffers } = process.memoryUsage()
    expect(() => all(inflating(), zeros, MIB)).toThrow(TOO_LARGE)
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(4 * MIB)
  })

  describe.each(ROLES)('read as %s', (role) => {
    function read(
      pieces: Iterable<Uint8Array>,
      options: { streaming?: boolean; most?: number } = {},
    ): string {
      const { streaming = false, most = MIB } = options
      const codec = inflating()
      const limits = { maxMessageBytes: most, maxFrameBytes: Infinity }
      const reader = new MessageReader({ role, limits, inflater: codec, streaming, platform: NODE_PLATFORM })
      const input = new ByteQueue()
      let seen = ''
      const note = (event: ReaderEvent<Buffer>): void => {
        if (event.type === 'text') seen += `text ${event.text};`
        else if (event.type === 'bytes') seen += `bytes ${event.data.toString('latin1')};`
        else if (event.type === 'message-data') seen += event.data.toString('latin1')
        else seen += `${event.type};`
      }
      try {
        for (const piece of pieces) {
          input.push(Buffer.from(piece))
          for (;;) {
            const event = reader.next(input)
            if (event !== undefined) note(event)
            else if (!reader.unfinished) break
          }
        }
      } catch (error) {
        seen += `!${(error as { violation?: string }).violation}`
      }
      return seen
    }

    const from = deflater(TAKEOVER)
    const [first, second, third] = ['one two', 'two one two', 'three'].map((text) =>
      Buffer.from(from.deflate(Buffer.from(text))),
    )
    const frames: readonly PeerFrame[] = [
      peerFrame(1, first, RSV1),
      { ...part(2, second?.subarray(0, 2)), rsv: 4 },
      peerFrame(9, 'ping'),
      part(0),
      peerFrame(0, second?.subarray(2)),
      peerFrame(1, 'plain'),
      peerFrame(1, third, RSV1),
      peerFrame(1, Buffer.of(0), RSV1),
    ]

    test('whole, under every cut, with plain messages and control frames between them', () => {
      const expected = 'text one two;ping;bytes two one two;text plain;text three;text ;'
      for (const pieces of chunkings(encodeFor(role, frames))) expect(read(pieces)).toBe(expected)
    })

    test('as a stream, under every cut', () => {
      const parts = [
        'message-begin;one twoframe-end;message-end;',
        'message-begin;A frame-end;ping;frame-end;B frame-end;message-end;',
        'message-begin;plainframe-end;message-end;',
        'message-begin;threeframe-end;message-end;',
        'message-begin;frame-end;message-end;',
      ]
      // How much of a message its first bytes yield depends on zlib.
      const anyCut = new RegExp(
        `^${parts.join('').replace('A frame-end;ping;frame-end;B ', '(?:[two ne]*)frame-end;ping;frame-end;(?:[two ne]*)')}$`,
      )
      for (const pieces of chunkings(encodeFor(role, frames)))
        expect(read(pieces, { streaming: true })).toMatch(anyCut)
    })

    test('in slices when they are large', () => {
      const large = Buffer.alloc(300_000, 'abc')
      const bytes = encodeFor(role, [peerFrame(2, deflateAlone(large), RSV1), peerFrame(1, 'after')])
      for (const streaming of [false, true]) {
        const seen = read([bytes], { streaming })
        expect(seen).toContain(large.toString())
        expect(seen.endsWith(streaming ? 'message-begin;afterframe-end;message-end;' : 'text after;')).toBe(
          true,
        )
      }
    })

    test('refused when they are too large, not UTF-8, or end within a block', () => {
      for (const streaming of [false, true]) {
        const bomb = encodeFor(role, [peerFrame(2, deflateAlone(Buffer.alloc(3 * MIB)), RSV1)])
        expect(read([bomb], { streaming })).toMatch(/!message-too-large$/)
        const latin1 = encodeFor(role, [peerFrame(1, deflateAlone(Buffer.of(0x61, 0xe4)), RSV1)])
        expect(read([latin1], { streaming })).toMatch(/!invalid-utf8$/)
        const half = encodeFor(role, [peerFrame(1, first?.subarray(0, 4), RSV1)])
        expect(read([half], { streaming })).toMatch(/!invalid-compression$/)
        const mebibyte = encodeFor(role, [peerFrame(2, deflateAlone(Buffer.alloc(MIB)), RSV1)])
        expect(read([mebibyte], { streaming })).not.toContain('!')
      }
    })

    test('refused with RSV1 on a control frame or a continuation', () => {
      expect(read([encodeFor(role, [peerFrame(9, '', RSV1)])])).toBe('!reserved-bits')
      expect(read([encodeFor(role, [part(1), peerFrame(0, '', RSV1)])])).toBe('!reserved-bits')
    })
  })
})

/** Inflates a message with as many calls as it takes. */
function all(codec: ClosableInflater, data: Uint8Array, mostBytes: number = MIB): Buffer {
  const pieces = [codec.inflate(data, true, mostBytes)]
  let left = mostBytes - (pieces[0]?.length ?? 0)
  while (codec.more === true) {
    const piece = codec.inflate(Buffer.alloc(0), true, left)
    left -= piece.length
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** A message of another compressor, without reference to earlier ones. */
function deflateAlone(data: string | Uint8Array, options: zlib.ZlibOptions = {}): Buffer {
  const deflated = zlib.deflateRawSync(data, { ...options, finishFlush: zlib.constants.Z_SYNC_FLUSH })
  return deflated.subarray(0, -TAIL.length)
}

const TAIL = Buffer.of(0, 0, 255, 255)
const INVALID = expect.objectContaining({ violation: 'invalid-compression', closeCode: 1007 })
const TOO_LARGE = expect.objectContaining({ violation: 'message-too-large', closeCode: 1009 })
const MESSAGES: readonly Buffer[] = [
  Buffer.from('Hello'),
  Buffer.from('Hello'),
  Buffer.from(
    JSON.stringify(Array.from({ length: 50 }, (_, id) => ({ id, name: `user ${id}`, online: id % 3 === 0 }))),
  ),
  Buffer.alloc(0),
  Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * at * 31) % 251)),
  Buffer.alloc(70_000, 'large'),
  Buffer.from('Hello'),
]
