import { afterEach, expect, test } from 'vitest'
import {
  checksFor,
  type TransportCheck,
  transportChecks,
  type TransportHarness,
  wireChecks,
  type WireHarness,
} from '../src/checks.ts'

/** Makes a test of every check for which the harness has the capabilities, each with a new harness. */
export function runChecks(
  makeHarness: () => TransportHarness,
  checks: readonly TransportCheck[] = transportChecks,
): void {
  const observable = checksFor(makeHarness().capabilities, checks)
  test.each(named(observable))('%s', async (_name, check) => {
    const harness = makeHarness()
    await expect(check.run(harness)).resolves.toBeUndefined()
    expect((await harness.leftovers?.()) ?? []).toEqual([])
  })
}

/** Does the same for wires. */
export function runWireChecks(makeHarness: () => WireHarness): void {
  const observable = checksFor(makeHarness().capabilities, wireChecks)
  test.each(named(observable))('%s', async (_name, check) => {
    await expect(check.run(makeHarness())).resolves.toBeUndefined()
  })
}

/** Returns a function that keeps harnesses: those of a test are aborted after it. */
export function abortedAfterEach<H extends { abortAll(): unknown }>(): (harness: H) => H {
  const kept: H[] = []
  afterEach(async () => {
    for (const harness of kept.splice(0)) await harness.abortAll()
  })
  return (harness) => {
    kept.push(harness)
    return harness
  }
}

function named<C extends { readonly name: string }>(checks: readonly C[]): (readonly [string, C])[] {
  return checks.map((check) => [check.name, check] as const)
}
