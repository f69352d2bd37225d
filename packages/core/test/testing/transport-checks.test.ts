import { describe, expect, test } from 'vitest'
import { checksFor, transportChecks } from '../../src/testing/transport-checks.ts'

describe('transportChecks', () => {
  test('have names of their own', () => {
    const names = transportChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(60)
  })
})

describe('checksFor', () => {
  test('leaves out what cannot be observed, and nothing else', () => {
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
