import { checksFor } from '@ropewalk/core/checks'
import { describe, expect, test } from 'vitest'
import { SimulatedHarness } from './simulated-harness.ts'

describe('transport checks between simulated hosts', () => {
  const observable = checksFor(new Set(['reset', 'backpressure'] as const))

  test.each(observable.map((check) => [check.name, check] as const))('%s', async (_name, check) => {
    const harness = new SimulatedHarness(1)
    try {
      await expect(check.run(harness)).resolves.toBeUndefined()
    } finally {
      harness.stop()
    }
  })
})
