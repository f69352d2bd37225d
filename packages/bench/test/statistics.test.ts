import { describe, expect, it } from 'vitest'
import { median, medianRatio } from '../src/statistics.ts'

describe('median', () => {
  it('is the value in the middle of an odd count', () => expect(median([9, 1, 5])).toBe(5))
  it('is the mean of the two in the middle of an even count', () => expect(median([8, 1, 4, 2])).toBe(3))
  it('is no number without values', () => expect(median([])).toBeNaN())
})

describe('medianRatio', () => {
  it('compares figures of the same round', () => expect(medianRatio([2, 40, 9], [1, 10, 9])).toBe(2))
})
