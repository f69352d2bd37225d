import { describe, expect, it } from 'vitest'
import { linearScale, logScale, stepScale } from '../../src/drawing/scale.ts'

const extent = { from: 100, to: 300 }

describe('logScale', () => {
  it('begins and ends at the ticks around its values', () => {
    const { ticks, position } = logScale([3, 700], extent, 10)
    expect(ticks).toEqual([1, 10, 100, 1000])
    expect(position(1)).toBe(100)
    expect(position(1000)).toBeCloseTo(300)
    expect(position(10) - position(1)).toBeCloseTo(position(100) - position(10))
  })
  it('adds no tick for a value that lies on one', () => {
    expect(logScale([1, 1000], extent, 10).ticks).toEqual([1, 10, 100, 1000])
    expect(logScale([16, 4 ** 13], extent, 16).ticks.at(-1)).toBe(16 ** 7)
  })
  it('has two ticks for a single value', () => {
    expect(logScale([100], extent, 10).ticks).toEqual([100, 1000])
  })
})

describe('stepScale', () => {
  it('has ticks at 1, 2 and 5 times the powers of ten', () => {
    expect(stepScale([0.3, 8], extent).ticks).toEqual([0.2, 0.5, 1, 2, 5, 10])
    expect(stepScale([30_000, 90_000], extent).ticks).toEqual([20_000, 50_000, 100_000])
  })
  it('has equal distances for equal ratios', () => {
    const { position } = stepScale([1, 100], extent)
    expect(position(10)).toBeCloseTo(200)
  })
  it('has two ticks for a single value', () => {
    expect(stepScale([1], extent).ticks).toEqual([1, 2])
  })
})

describe('linearScale', () => {
  it('begins at 0 and ends at a round number', () => {
    const { ticks, position } = linearScale([130, 470], extent)
    expect(ticks).toEqual([0, 100, 200, 300, 400, 500])
    expect(position(250)).toBe(200)
  })
  it('is round in the unit of its values', () => {
    expect(linearScale([3000], extent, 1024).ticks).toEqual([0, 1024, 2048, 3072])
  })
})
