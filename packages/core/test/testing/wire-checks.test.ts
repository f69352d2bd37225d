import { describe, expect, test } from 'vitest'
import { checksFor } from '../../src/testing/transport-checks.ts'
import type { WireCapability } from '../../src/testing/wire-harness.ts'
import { wireChecks } from '../../src/testing/wire-checks.ts'

describe('wireChecks', () => {
  test('have names of their own', () => {
    const names = wireChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(30)
  })

  test('leave out what a kind of wire cannot show', () => {
    expect(
      checksFor(new Set(['reset', 'backpressure', 'early end', 'late attach'] as const), wireChecks),
    ).toEqual(wireChecks)
    const few = checksFor(new Set<WireCapability>(), wireChecks)
    expect(few.length).toBeGreaterThan(15)
    expect(few.every(({ needs = [] }) => needs.length === 0)).toBe(true)
  })
})
