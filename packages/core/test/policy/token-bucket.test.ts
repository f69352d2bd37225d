import { describe, expect, test } from 'vitest'
import { TokenBucket } from '../../src/policy/token-bucket.ts'

describe('TokenBucket', () => {
  test('gives a burst, then its rate', () => {
    const bucket = new TokenBucket(10, 20)
    expect(bucket.available(0)).toBe(20)
    bucket.take(20, 0)
    expect(bucket.available(0)).toBe(0)
    expect(bucket.waitMs(0)).toBe(100)
    expect(bucket.available(99)).toBe(0)
    expect(bucket.available(100)).toBe(1)
    expect(bucket.available(1_000_000)).toBe(20)
  })

  test('waits a debt off', () => {
    const bucket = new TokenBucket(10)
    bucket.take(30, 0)
    expect(bucket.available(0)).toBe(-20)
    expect(bucket.waitMs(0)).toBe(2100)
    expect(bucket.available(2100)).toBe(1)
  })

  test('refuses a rate that lets nothing pass', () => {
    for (const rate of [0, -1, Number.NaN]) expect(() => new TokenBucket(rate)).toThrow(RangeError)
    expect(() => new TokenBucket(1, 0.5)).toThrow(RangeError)
    for (const rate of ['10', null]) expect(() => new TokenBucket(rate as never)).toThrow(TypeError)
    expect(new TokenBucket(0.5).available(0)).toBe(1)
  })

  test('lets everything pass at an endless rate, as much at once as its burst', () => {
    const [endless, bursts] = [new TokenBucket(Infinity), new TokenBucket(Infinity, 3)]
    for (const bucket of [endless, bursts]) bucket.take(1_000_000, 0)
    expect([endless.available(0), bursts.available(0), bursts.waitMs(0)]).toEqual([Infinity, 3, 0])
  })
})
