import { describe, expect, test } from 'vitest'
import { describeFault, FAULT_KINDS, randomFaults } from '../src/faults.ts'
import { Random } from '../src/random.ts'

describe('randomFaults', () => {
  const plan = { withinMs: 1000, most: 5, longestMs: 100 }

  test('returns the same faults for the same seed, sorted by time', () => {
    const script = (seed: string): unknown => randomFaults(new Random(seed), ['a', 'b', 'c'], plan)
    expect(script('1')).toEqual(script('1'))
    expect(script('1')).not.toEqual(script('2'))
    for (let seed = 0; seed < 100; seed++) {
      const faults = randomFaults(new Random(String(seed)), ['a', 'b'], plan)
      expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).toSorted((x, y) => x - y))
      expect(faults.every(({ one, other, forMs }) => one !== other && forMs >= 1 && forMs <= 100)).toBe(true)
    }
  })

  test('uses only the kinds that the plan names, and works with a single host', () => {
    const faults = randomFaults(new Random('3'), ['only'], { ...plan, kinds: ['crash'] })
    expect(faults.every(({ kind, one, other }) => kind === 'crash' && one === other)).toBe(true)
  })

  test('produces every kind within 100 seeds', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 100; seed++)
      for (const { kind } of randomFaults(new Random(String(seed)), ['a', 'b'], plan)) seen.add(kind)
    expect([...seen].toSorted()).toEqual(FAULT_KINDS.toSorted())
  })

  test('describeFault formats a fault as one line', () => {
    const fault = { kind: 'partition', atMs: 5, forMs: 10, one: 'a', other: 'b' } as const
    expect(describeFault(fault)).toBe('partition at 5 ms for 10 ms: a and b')
    expect(describeFault({ ...fault, kind: 'crash' })).toBe('crash at 5 ms for 10 ms: a')
    expect(describeFault({ ...fault, kind: 'reset' })).toBe('reset at 5 ms: a and b')
  })
})
