import { describe, expect, test } from 'vitest'
import { Random } from '../src/random.ts'

describe('Random', () => {
  test('returns the same numbers for the same seed, on every version of Node', () => {
    const random = new Random('7')
    expect([random.between(0, 999), random.between(0, 999), random.bytes(4).toString('hex')]).toEqual(
      FROM_SEED_7,
    )
    expect(new Random('7').unit()).toBe(new Random('7').unit())
    expect(new Random('7').unit()).not.toBe(new Random('8').unit())
  })

  test('forks by name, independently of how many numbers were drawn', () => {
    const [one, other] = [new Random('x'), new Random('x')]
    one.unit()
    expect(one.fork('a').unit()).toBe(other.fork('a').unit())
    expect(one.fork('a').unit()).not.toBe(one.fork('b').unit())
  })

  test('stays within its bounds, and reaches them', () => {
    const random = new Random('bounds')
    const seen = new Set(Array.from({ length: 1000 }, () => random.between(3, 5)))
    expect([...seen].toSorted((one, other) => one - other)).toEqual([3, 4, 5])
    expect([random.pick([]), random.pick(['only']), random.chance(0), random.chance(1)]).toEqual([
      undefined,
      'only',
      false,
      true,
    ])
  })

  test('is uniformly distributed', () => {
    const random = new Random('even')
    const mean =
      Array.from({ length: 10_000 }, () => random.unit()).reduce((sum, unit) => sum + unit) / 10_000
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02)
  })
})

const FROM_SEED_7 = [212, 530, '76b35c66']
