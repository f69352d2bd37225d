import { expect, test } from 'vitest'
import { checksFor } from '../src/testing/transport-checks.ts'
import type { TransportCheck, TransportHarness } from '../src/testing/transport-harness.ts'

/** Makes every check that a harness can observe a test of its own, each with a new harness. */
export function runChecks(makeHarness: () => TransportHarness, checks?: readonly TransportCheck[]): void {
  const observable = checksFor(makeHarness().capabilities, checks)
  test.each(observable.map((check) => [check.name, check] as const))('%s', async (_name, check) => {
    const harness = makeHarness()
    await expect(check.run(harness)).resolves.toBeUndefined()
    expect((await harness.leftovers?.()) ?? []).toEqual([])
  })
}
