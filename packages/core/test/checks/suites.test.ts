import { describe, expect, test } from 'vitest'
import {
  checksFor,
  datagramChecks,
  transportChecks,
  type WireCapability,
  wireChecks,
} from '../../src/checks.ts'
import { memoryDatagramHarness } from '../memory-datagram-harness.ts'

describe('transportChecks', () => {
  test('have distinct names', () => {
    const names = transportChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(60)
  })
})

describe('checksFor', () => {
  test('leaves out only checks that need missing capabilities', () => {
    const all = checksFor(new Set(['reset', 'backpressure', 'virtual time']))
    expect(all).toEqual(transportChecks)
    const few = checksFor(new Set())
    expect(few.length).toBeGreaterThan(40)
    expect(few.every(({ needs = [] }) => needs.length === 0)).toBe(true)
    expect(checksFor(new Set(['reset'])).length).toBeGreaterThan(few.length)
  })

  test('chooses among the checks it is given', () => {
    const [first] = transportChecks
    if (first === undefined) throw new Error('There are no checks')
    expect(checksFor(new Set(), [first])).toEqual([first])
  })
})

describe('datagramChecks', () => {
  test('have distinct names', () => {
    const names = datagramChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(25)
  })
})

describe('ports in memory pass the checks of UDP', () => {
  test.each(datagramChecks.map((check) => [check.name, check] as const))('%s', async (_name, check) => {
    await expect(check.run(memoryDatagramHarness())).resolves.toBeUndefined()
  })
})

describe('wireChecks', () => {
  test('have distinct names', () => {
    const names = wireChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(30)
  })

  test('leave out checks that need missing capabilities', () => {
    expect(
      checksFor(new Set(['reset', 'backpressure', 'early end', 'late attach'] as const), wireChecks),
    ).toEqual(wireChecks)
    const few = checksFor(new Set<WireCapability>(), wireChecks)
    expect(few.length).toBeGreaterThan(15)
    expect(few.every(({ needs = [] }) => needs.length === 0)).toBe(true)
  })
})
