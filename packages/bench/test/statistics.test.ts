import { describe, expect, it } from 'vitest'
import { median, ratiosOf } from '../src/statistics.ts'

describe('median', () => {
  it('is the value in the middle of an odd count', () => expect(median([9, 1, 5])).toBe(5))
  it('is the mean of the two in the middle of an even count', () => expect(median([8, 1, 4, 2])).toBe(3))
  it('is no number without values', () => expect(median([])).toBeNaN())
})

describe('ratiosOf', () => {
  it('compares figures of the same round', () => {
    expect(ratiosOf([2, 40, 9], [1, 10, 9])).toEqual({ median: 2, least: 1, most: 4 })
  })
})
