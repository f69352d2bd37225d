import { describe, expect, test } from 'vitest'
import { type BackoffOptions, backoffPolicy } from '../../src/services.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { randomFraction } from '../../src/time/backoff.ts'

/** The waits after 1 to `failures` failures. */
function waits(count: number, options?: BackoffOptions): number[] {
  const [policy, reactor] = [backoffPolicy(options), new MemoryReactor()]
  return Array.from({ length: count }, (_, at) => policy(at + 1, reactor))
}

describe('backoffPolicy', () => {
  test('multiplies each wait by 1.5, up to a minute', () => {
    const seen = waits(13, { jitterMs: 0 })
    expect(seen.slice(0, 4)).toEqual([1500, 2250, 3375, 5062.5])
    expect(seen.slice(9)).toEqual([57_665.039_062_5, 60_000, 60_000, 60_000])
  })

  test('adds up to a second at random, differently each time', () => {
    const [plain, seen] = [waits(20, { jitterMs: 0 }), waits(20)]
    const jitters = seen.map((wait, at) => wait - (plain[at] ?? 0))
    for (const jitter of jitters) expect(jitter).toBeGreaterThanOrEqual(0)
    for (const jitter of jitters) expect(jitter).toBeLessThan(1000)
    expect(new Set(jitters).size).toBe(20)
    expect(Math.max(...jitters) - Math.min(...jitters)).toBeGreaterThan(500)
  })

  test('grows by the given options', () => {
    const options = { initialDelayMs: 10, maxDelayMs: 60, factor: 2, jitterMs: 0 }
    expect(waits(4, options)).toEqual([20, 40, 60, 60])
    expect(waits(3, { ...options, factor: 1 })).toEqual([10, 10, 10])
  })

  test('returns a number after any number of failures', () => {
    const [reactor, steep] = [new MemoryReactor(), { factor: 1e9, jitterMs: 0 }]
    expect(backoffPolicy(steep)(1e6, reactor)).toBe(60_000)
    expect(backoffPolicy({ ...steep, initialDelayMs: 0 })(30, reactor)).toBe(0)
  })

  test.each(['initialDelayMs', 'maxDelayMs', 'factor', 'jitterMs'])('refuses an invalid %s', (name) => {
    for (const value of [-1, Number.NaN])
      expect(() => backoffPolicy({ [name]: value })).toThrow(`Cannot take ${name} ${value} for backoffPolicy`)
  })
})

/** A reactor that returns the same byte again and again. */
function fixed(byte: number): Parameters<typeof randomFraction>[0] {
  return { randomBytes: (count) => Buffer.alloc(count, byte) }
}

describe('randomFraction', () => {
  test('returns 0 for the smallest bytes, and 0.5 for those in the middle', () => {
    expect(randomFraction(fixed(0))).toBe(0)
    expect(randomFraction({ randomBytes: (count) => Buffer.concat([Buffer.of(0x80)], count) })).toBe(0.5)
  })

  test('never returns 1', () => {
    expect(randomFraction(fixed(0xff))).toBe(1 - 2 ** -48)
  })

  test('returns each tenth about equally often', () => {
    const [reactor, counts] = [new MemoryReactor(), Array.from({ length: 10 }, () => 0)]
    for (let draw = 0; draw < 10_000; draw++) {
      const tenth = Math.floor(randomFraction(reactor) * 10)
      counts[tenth] = (counts[tenth] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200)
  })
})
