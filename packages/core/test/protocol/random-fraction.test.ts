import { describe, expect, test } from 'vitest'
import { randomFraction } from '../../src/protocol/random-fraction.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'

/** A reactor whose bytes are all the same. */
function fixed(byte: number): Parameters<typeof randomFraction>[0] {
  return { randomBytes: (count) => Buffer.alloc(count, byte) }
}

describe('randomFraction', () => {
  test('answers 0 for the least bytes, and a half for those in the middle', () => {
    expect(randomFraction(fixed(0))).toBe(0)
    expect(randomFraction({ randomBytes: (count) => Buffer.concat([Buffer.of(0x80)], count) })).toBe(0.5)
  })

  test('never answers 1', () => {
    expect(randomFraction(fixed(0xff))).toBe(1 - 2 ** -48)
  })

  test('answers each tenth about as often as any other', () => {
    const [reactor, counts] = [new MemoryReactor(), Array.from({ length: 10 }, () => 0)]
    for (let draw = 0; draw < 10_000; draw++) {
      const tenth = Math.floor(randomFraction(reactor) * 10)
      counts[tenth] = (counts[tenth] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200)
  })
})
