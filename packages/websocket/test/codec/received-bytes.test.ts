import { ByteQueue } from '@ropewalk/core/bytes'
import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReceivedBytes } from '../../src/codec/received-bytes.ts'

describe('ReceivedBytes', () => {
  test('returns the bytes in order, under every chunking', () => {
    const bytes = Uint8Array.from({ length: 12 }, (_, at) => at)
    for (const chunks of chunkings(bytes)) {
      const input = new ReceivedBytes()
      for (const chunk of chunks) input.push(chunk.slice())
      expect(input.length).toBe(12)
      expect([0, 5, 11].map((at) => input.byteAt(at))).toEqual([0, 5, 11])
      expect([...(input.peek(5) ?? [])]).toEqual([0, 1, 2, 3, 4])
      expect([...(input.takeExactly(3) ?? [])]).toEqual([0, 1, 2])
      expect(input.byteAt(0)).toBe(3)
      input.skip(2)
      const rest: number[] = []
      for (let piece = input.takeUpTo(4); piece !== undefined; piece = input.takeUpTo(4)) rest.push(...piece)
      expect(rest).toEqual([5, 6, 7, 8, 9, 10, 11])
      expect(input.length).toBe(0)
    }
  })

  test('returns undefined when it holds too little, and keeps what it holds', () => {
    const input = new ReceivedBytes()
    expect([input.byteAt(0), input.peek(1), input.takeExactly(1), input.takeUpTo(1)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    input.push(Uint8Array.of(1, 2))
    expect([
      input.byteAt(2),
      input.byteAt(-1),
      input.peek(3),
      input.takeExactly(3),
      input.takeUpTo(0),
    ]).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(() => input.skip(3)).toThrow(new RangeError('Cannot skip 3 of 2 bytes'))
    expect(input.length).toBe(2)
    input.clear()
    expect(input.length).toBe(0)
    expect(input.takeUpTo(1)).toBeUndefined()
  })

  test('behaves as the ByteQueue of core does', () => {
    const action = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ call: fc.constantFrom('takeExactly', 'takeUpTo', 'peek'), count: fc.nat(6000) } as const),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const [ours, core] = [new ReceivedBytes(), new ByteQueue()]
        let next = 0
        for (const it of actions) {
          if ('push' in it) {
            const data = Uint8Array.from({ length: it.push }, () => next++)
            ours.push(data.slice())
            core.push(Buffer.from(data))
          } else if (it.call === 'takeUpTo') {
            const held = core.length
            const taken = ours.takeUpTo(it.count)
            // How much it takes depends on the chunks.
            const expected = core.takeExactly(taken?.length ?? 0)
            expect(taken === undefined).toBe(it.count === 0 || held === 0)
            expect(Buffer.compare(taken ?? NO_BYTES, expected ?? NO_BYTES)).toBe(0)
          } else {
            const [one, other] = [ours[it.call](it.count), core[it.call](it.count)]
            expect(one === undefined).toBe(other === undefined)
            expect(Buffer.compare(one ?? NO_BYTES, other ?? NO_BYTES)).toBe(0)
          }
          expect(ours.length).toBe(core.length)
        }
      }),
    )
  })

  test('takes memory in proportion to the bytes that arrive one by one', () => {
    const input = new ReceivedBytes()
    for (let count = 0; count < 100_000; count++) input.push(new Uint8Array(65_536).subarray(0, 1))
    const stores = new Set<ArrayBufferLike>()
    for (let piece = input.takeUpTo(1e6); piece !== undefined; piece = input.takeUpTo(1e6))
      stores.add(piece.buffer)
    expect([...stores].reduce((sum, store) => sum + store.byteLength, 0)).toBeLessThan(200_000)
    expect(stores.size).toBeLessThan(30)
  })

  test('copies a small piece of a large chunk, and returns a large one as a view', () => {
    const input = new ReceivedBytes()
    const chunk = new Uint8Array(65_536)
    input.push(chunk)
    expect(input.takeExactly(100)?.buffer.byteLength).toBe(100)
    expect(input.takeUpTo(100)?.buffer.byteLength).toBe(100)
    expect(input.takeExactly(20_000)?.buffer).toBe(chunk.buffer)
  })
})

const NO_BYTES = new Uint8Array(0)
