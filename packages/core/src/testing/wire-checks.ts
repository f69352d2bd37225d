import { wireCloseChecks } from './checks/wire-close-checks.ts'
import { wireEndChecks } from './checks/wire-end-checks.ts'
import { wireReadChecks } from './checks/wire-read-checks.ts'
import { wireWriteChecks } from './checks/wire-write-checks.ts'
import type { WireCheck } from './wire-harness.ts'

/**
 * What every wire promises its transport, so that a double behaves as a socket does.
 *
 *     for (const check of checksFor(harness.capabilities, wireChecks)) test(check.name, () => check.run(harness))
 */
export const wireChecks: readonly WireCheck[] = [
  ...wireReadChecks,
  ...wireWriteChecks,
  ...wireEndChecks,
  ...wireCloseChecks,
]
