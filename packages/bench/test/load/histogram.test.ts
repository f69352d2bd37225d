import { describe, expect, it } from 'vitest'
import { Histogram } from '../../src/load/histogram.ts'

describe('Histogram', () => {
  it('finds percentiles within a thirty-second of their value', () => {
    const histogram = new Histogram()
    for (let ms = 1; ms <= 1000; ms++) histogram.record(ms)
    for (const share of [0.5, 0.9, 0.99, 1]) {
      const exact = 1000 * share
      expect(histogram.percentile(share)).toBeGreaterThanOrEqual(exact)
      expect(histogram.percentile(share)).toBeLessThanOrEqual(exact * (1 + 1 / 32) + 0.001)
    }
  })

  it('has a bucket for each power of two and its neighbours', () => {
    for (let power = 0; power < 32; power++) {
      for (const microseconds of [2 ** power - 1, 2 ** power, 2 ** power + 1]) {
        const histogram = new Histogram()
        histogram.record(microseconds / 1000)
        expect(histogram.percentile(0.5) * 1000).toBeGreaterThan(microseconds)
        expect(histogram.percentile(0.5) * 1000).toBeLessThanOrEqual((microseconds * 33) / 32 + 1.001)
      }
    }
  })

  it('counts what is longer than its range in the last bucket', () => {
    const histogram = new Histogram()
    histogram.record(1e12)
    expect(histogram.percentile(0.5)).toBeGreaterThan(4_000_000)
  })

  it('has no percentile before a duration is recorded, and after it is cleared', () => {
    const histogram = new Histogram()
    expect(histogram.percentile(0.5)).toBeNaN()
    histogram.record(1)
    expect(histogram.total).toBe(1)
    histogram.clear()
    expect(histogram.total).toBe(0)
    expect(histogram.percentile(0.5)).toBeNaN()
  })
})
