import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Role } from '../../src/codec/frame-header.ts'
import { FrameWriter } from '../../src/codec/frame-writer.ts'
import type { MessageEvent } from '../../src/codec/message-reader.ts'
import { encodeFor, peerFrame } from './peer-frames.ts'
import { readMessages, ROLES, summary } from './read-messages.ts'

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const manyBytes = fc.integer({ min: 4000, max: 70_000 }).map((length) => Buffer.alloc(length, 'large'))
const payload = fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes))
const events: fc.Arbitrary<MessageEvent<Buffer>> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: fc.string({ unit: 'grapheme', maxLength: 200 }) }),
  fc.record({ type: fc.constant('bytes' as const), data: fc.oneof(anyBytes, manyBytes) }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), payload }),
)
const close: fc.Arbitrary<MessageEvent<Buffer>> = fc.oneof(
  fc.constant({ type: 'close', code: undefined, reason: '' } as const),
  fc.record({
    type: fc.constant('close' as const),
    code: fc.oneof(fc.constantFrom(1000, 1001, 1011, 1014), fc.integer({ min: 3000, max: 4999 })),
    reason: fc.string({ unit: 'binary', maxLength: 30 }),
  }),
)
const cuts = fc.array(fc.nat(), { maxLength: 20 })

describe('FrameWriter and MessageReader', () => {
  test('the reader of one role reads the events that the writer of the other wrote, under every cut', () => {
    fc.assert(
      fc.property(
        fc.array(events, { maxLength: 12 }),
        close,
        fc.constantFrom(...ROLES),
        cuts,
        (most, last, role, at) => {
          const all = [...most, last]
          const read = readMessages(cut(written(all, role), at), {}, role === 'server' ? 'client' : 'server')
          // Compared as text, because a comparison of large Buffers takes seconds.
          expect(summary(read)).toBe(summary({ events: all, refused: undefined }))
        },
      ),
    )
  })

  test('the reader returns the same message for every fragmentation', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        cuts,
        cuts,
        fc.constantFrom(...ROLES),
        (text, fragments, at, role) => {
          const parts = cut(Buffer.from(text), fragments)
          const frames = parts.map((part, index) =>
            peerFrame(index === 0 ? 1 : 0, part, { fin: index === parts.length - 1 }),
          )
          const { events: read } = readMessages(cut(encodeFor(role, frames), at), {}, role)
          expect(read).toEqual([{ type: 'text', text }])
        },
      ),
    )
  })
})

describe('MessageReader', () => {
  test('returns the same events or WebSocketError for arbitrary bytes and frames, under every cut', () => {
    const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
    const frame = fc
      .tuple(fc.nat(15), fc.uint8Array({ maxLength: 20 }), fc.boolean(), fc.constantFrom(0, 0, 0, 0, 4))
      .map(([opcode, bytes, fin, rsv]) => peerFrame(opcode, bytes, { fin, rsv }))
    fc.assert(
      fc.property(
        fc.array(fc.oneof(noise, frame), { maxLength: 20 }),
        fc.constantFrom(...ROLES),
        cuts,
        (all, role, at) => {
          const bytes = Buffer.concat(all.map((it) => ('opcode' in it ? encodeFor(role, [it]) : it)))
          const [whole, inPieces] = [readMessages([bytes], {}, role), readMessages(cut(bytes, at), {}, role)]
          expect(summary(inPieces)).toBe(summary(whole))
        },
      ),
      { numRuns: 3000 },
    )
  })
})

function written(all: readonly MessageEvent<Buffer>[], role: Role): Buffer {
  const parts: Uint8Array[] = []
  const sink = { write: (data: Uint8Array): boolean => parts.push(data) > 0 }
  let key = 0
  const randomBytes = (count: number): Uint8Array => new Uint8Array(count).map(() => (key += 37))
  const writer = new FrameWriter(role === 'server' ? { role } : { role, randomBytes })
  for (const event of all) {
    if (event.type === 'text') writer.text(event.text, sink)
    else if (event.type === 'bytes') writer.bytes(event.data, sink)
    else if (event.type === 'close') writer.close(event, sink)
    else writer[event.type](event.payload, sink)
  }
  return Buffer.concat(parts)
}

/** The bytes, cut at the given places. Pieces may be empty. */
function cut(bytes: Uint8Array, at: readonly number[]): readonly Uint8Array[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}
