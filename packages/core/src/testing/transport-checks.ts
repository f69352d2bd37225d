import { closeChecks } from './checks/close-checks.ts'
import { faultChecks } from './checks/fault-checks.ts'
import { halfCloseChecks } from './checks/half-close-checks.ts'
import { peerChecks } from './checks/peer-checks.ts'
import { producerChecks } from './checks/producer-checks.ts'
import { readChecks } from './checks/read-checks.ts'
import { switchChecks } from './checks/switch-checks.ts'
import { writeChecks } from './checks/write-checks.ts'
import type { TransportCapability, TransportCheck } from './transport-harness.ts'

/**
 * What every transport promises, whatever carries its bytes, so that no double can lie.
 *
 *     for (const check of checksFor(harness.capabilities)) test(check.name, () => check.run(harness))
 */
export const transportChecks: readonly TransportCheck[] = [
  ...writeChecks,
  ...readChecks,
  ...closeChecks,
  ...halfCloseChecks,
  ...producerChecks,
  ...switchChecks,
  ...faultChecks,
  ...peerChecks,
]

/** Those of `checks`, the transport checks unless others are given, that can be observed with `capabilities`. */
export function checksFor(capabilities: ReadonlySet<TransportCapability>): readonly TransportCheck[]
export function checksFor<C extends Demanding<N>, N>(
  capabilities: ReadonlySet<N>,
  checks: readonly C[],
): readonly C[]
export function checksFor(
  capabilities: ReadonlySet<unknown>,
  checks: readonly Demanding<unknown>[] = transportChecks,
): readonly Demanding<unknown>[] {
  return checks.filter(({ needs = [] }) => needs.every((need) => capabilities.has(need)))
}

/** A check of any kind. */
interface Demanding<N> {
  readonly needs?: readonly N[]
}
