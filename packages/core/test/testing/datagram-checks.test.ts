import { describe, expect, test } from 'vitest'
import { datagramChecks } from '../../src/testing/datagram-checks.ts'
import { memoryDatagramHarness } from '../memory-datagram-harness.ts'

describe('datagramChecks', () => {
  test('have names of their own', () => {
    const names = datagramChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(25)
  })
})

describe('ports in memory keep the promises of UDP', () => {
  test.each(datagramChecks.map((check) => [check.name, check] as const))('%s', async (_name, check) => {
    await expect(check.run(memoryDatagramHarness())).resolves.toBeUndefined()
  })
})
