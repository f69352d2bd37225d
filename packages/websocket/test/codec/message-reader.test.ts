import { ByteQueue } from '@ropewalk/core/bytes'
import { describe, expect, test } from 'vitest'
import { MessageReader } from '../../src/codec/message-reader.ts'
import { DEFAULT_WEBSOCKET_LIMITS } from '../../src/codec/limits.ts'
import { closeFrame, encodeFor, part, peerFrame } from './peer-frames.ts'
import { chopped, readMessages, ROLES, summaries, summary } from './read-messages.ts'

const [MORE, TEXT, BINARY, PING] = [0, 1, 2, 9]
const MIB = 1 << 20

describe('MessageReader', () => {
  test('returns one event per call, and undefined while no event is whole', () => {
    const reader = new MessageReader({ role: 'client', limits: DEFAULT_WEBSOCKET_LIMITS })
    const input = new ByteQueue()
    expect(reader.next(input)).toBeUndefined()
    input.push(encodeFor('client', [peerFrame(TEXT, 'a'), peerFrame(BINARY, 'b')]))
    expect(reader.next(input)).toEqual({ type: 'text', text: 'a' })
    expect(reader.next(input)).toEqual({ type: 'bytes', data: Buffer.from('b') })
    expect(reader.next(input)).toBeUndefined()
  })

  test('throws once, then returns undefined and drops all input', () => {
    const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS })
    const input = new ByteQueue()
    input.push(encodeFor('server', [part(TEXT, 'a'), peerFrame(3), peerFrame(MORE, 'b')]))
    expect(() => reader.next(input)).toThrow('Cannot accept a frame with the reserved opcode 3')
    for (let again = 0; again < 3; again++) {
      input.push(encodeFor('server', [peerFrame(TEXT, 'c')]))
      expect(reader.next(input)).toBeUndefined()
      expect(input.length).toBe(0)
    }
  })

  test('drops all input after a close frame, also after a malformed one', () => {
    const noise = Buffer.alloc(100, 0xff)
    expect(summary(readMessages([encodeFor('server', [closeFrame(1000)]), noise]))).toBe('close 1000 ""')
    expect(summary(readMessages([encodeFor('server', [closeFrame(999)]), noise]))).toBe('!malformed-close')
  })

  test('refuses unmasked frames of a client, and masked frames of a server', () => {
    const hello = [peerFrame(TEXT, 'Hello')]
    for (const piece of [1, 100]) {
      const unmasked = chopped(encodeFor('client', hello), piece)
      expect(summary(readMessages(unmasked, {}, 'client'))).toBe('text "Hello"')
      expect(summary(readMessages(unmasked, {}, 'server'))).toBe('!missing-mask')
      const masked = chopped(encodeFor('server', hello), piece)
      expect(summary(readMessages(masked, {}, 'server'))).toBe('text "Hello"')
      expect(summary(readMessages(masked, {}, 'client'))).toBe('!unexpected-mask')
    }
  })

  test('reads a frame that is masked with zeros', () => {
    const frame = Buffer.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69)
    expect(summary(readMessages([frame]))).toBe('text "hi"')
  })

  test('returns bytes that no other event shares', () => {
    const bytes = encodeFor('server', [
      peerFrame(BINARY, 'one'),
      peerFrame(PING, 'two'),
      peerFrame(BINARY, 'three'),
    ])
    const { events } = readMessages([bytes])
    const [one, two] = events
    if (one?.type === 'bytes') one.data.fill(0)
    if (two?.type === 'ping') two.payload.fill(0)
    expect(summary({ events, refused: undefined })).toBe('bytes "\0\0\0"; ping "\0\0\0"; bytes "three"')
  })

  test('keeps a small message of a large chunk as a copy, not as a view of the chunk (ws 8.22)', () => {
    const frames = [
      peerFrame(BINARY, 'small'),
      peerFrame(PING, 'ping'),
      peerFrame(BINARY, Buffer.alloc(70_000)),
    ]
    const { events } = readMessages([encodeFor('server', frames)])
    const stores = events.map((event) => {
      return event.type === 'bytes'
        ? event.data.buffer
        : event.type === 'ping'
          ? event.payload.buffer
          : undefined
    })
    expect(stores.slice(0, 2).every((store) => (store?.byteLength ?? 0) <= 16_384)).toBe(true)
  })

  test('throws at construction when a limit is 0', () => {
    const limits = { ...DEFAULT_WEBSOCKET_LIMITS, maxMessageBytes: 0 }
    expect(() => new MessageReader({ role: 'server', limits })).toThrow(RangeError)
  })
})

describe('MessageReader: lengths', () => {
  test('reads every length in its shortest form', () => {
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536]) {
      for (const role of ROLES) {
        const [event] = readMessages(
          [encodeFor(role, [peerFrame(BINARY, Buffer.alloc(length, 7))])],
          {},
          role,
        ).events
        expect(event?.type === 'bytes' && event.data.equals(Buffer.alloc(length, 7))).toBe(true)
      }
    }
  })

  test('refuses a length that fits a shorter form', () => {
    expect(summary(readMessages([Buffer.of(0x82, 126, 0, 125)], {}, 'client'))).toBe('!length-not-minimal')
    expect(summary(readMessages([Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255)], {}, 'client'))).toBe(
      '!length-not-minimal',
    )
  })

  test('refuses lengths of 2^53 and more, with and without a limit (CVE-2020-27813, CVE-2026-1528)', () => {
    for (const maxMessageBytes of [MIB, Infinity]) {
      for (const high of ['8000000000000000', 'ffffffffffffffff', '7fffffffffffffff', '0020000000000000']) {
        const header = Buffer.from(`827f${high}`, 'hex')
        expect(summary(readMessages([header], { maxMessageBytes }, 'client'))).toBe('!length-out-of-range')
      }
    }
    const most = Buffer.from('827f001fffffffffffff', 'hex')
    expect(summary(readMessages([most], {}, 'client'))).toBe('!message-too-large')
    expect(summary(readMessages([most, Buffer.of(1)], { maxMessageBytes: Infinity }, 'client'))).toBe('')
  })
})

describe('MessageReader: limits', () => {
  test('refuses a frame beyond the limit from its header alone (CVE-2016-10542)', () => {
    const [header, payload] = [Buffer.from('827e03e8', 'hex'), Buffer.alloc(1000)]
    for (const limit of ['maxMessageBytes', 'maxFrameBytes']) {
      expect(summary(readMessages([header], { [limit]: 999 }, 'client'))).toBe('!message-too-large')
      const whole = Buffer.concat([header, payload])
      expect(summary(readMessages([whole], { [limit]: 999 }, 'client'))).toBe('!message-too-large')
      expect(readMessages([whole], { [limit]: 1000 }, 'client').events.length).toBe(1)
    }
  })

  test('refuses the fragment that makes a message too long (CVE-2014-0193)', () => {
    const fragments = [part(TEXT, '12345'), peerFrame(PING), part(MORE, '67890')]
    expect(summaries([...fragments, peerFrame(MORE)], { maxMessageBytes: 10 })).toEqual([
      'ping ""; text "1234567890"',
    ])
    expect(summaries([...fragments, peerFrame(MORE, 'x')], { maxMessageBytes: 10 })).toEqual([
      'ping ""; !message-too-large',
    ])
    expect(summaries(fragments, { maxMessageBytes: 10, maxFrameBytes: 4 })).toEqual(['!message-too-large'])
  })

  test('does not apply the limits to control frames', () => {
    expect(
      summaries([peerFrame(PING, 'ping'), closeFrame(1000)], { maxMessageBytes: 1, maxFrameBytes: 1 }),
    ).toEqual(['ping "ping"; close 1000 ""'])
  })

  test('accepts 65 536 short fragments, but not 40 000 empty ones (CVE-2026-48779, CVE-2026-12151)', () => {
    const fragment = part(MORE, 'x'.repeat(64))
    const many = [part(BINARY), ...Array.from({ length: 65_536 }, () => fragment), peerFrame(MORE)]
    const [event] = readMessages([encodeFor('server', many)], { maxMessageBytes: 16 * MIB }).events
    expect(event?.type === 'bytes' && event.data.equals(Buffer.alloc(4 * MIB, 'x'))).toBe(true)
    const empty = [part(TEXT), ...Array.from({ length: 40_000 }, () => part(MORE))]
    expect(summary(readMessages([encodeFor('server', empty)]))).toBe('!too-many-fragments')
  })

  test('counts the fragments of each message separately (ws #2333)', () => {
    const messages = Array.from({ length: 20_000 }, () => [part(TEXT), peerFrame(MORE)]).flat()
    expect(readMessages([encodeFor('server', messages)], { maxMessageBytes: 1 }).events.length).toBe(20_000)
  })
})

describe('MessageReader: cost', () => {
  test('copies 1 MiB that arrives one byte at a time once', () => {
    expect(workOf([peerFrame(BINARY, Buffer.alloc(MIB))], 1)).toBeLessThan(1.1 * MIB)
  })

  test('copies 4 096 messages in one chunk at most once', () => {
    const frames = Array.from({ length: 4096 }, () => peerFrame(TEXT, 'x'.repeat(64)))
    expect(workOf(frames, Infinity)).toBeLessThan(1.1 * 4096 * 64)
  })

  test('does not copy a large message in large chunks in the queue', () => {
    expect(workOf([peerFrame(BINARY, Buffer.alloc(MIB))], 65_536)).toBeLessThan(2048)
  })
})

/** Bytes that the queue copies or searches while the frames are read from pieces of some length. */
function workOf(frames: Parameters<typeof encodeFor>[1], pieceBytes: number): number {
  const bytes = encodeFor('server', frames)
  const reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS })
  const input = new ByteQueue()
  for (const piece of chopped(bytes, Math.min(pieceBytes, bytes.length))) {
    input.push(Buffer.from(piece))
    while (reader.next(input) !== undefined);
  }
  return input.workBytes
}
