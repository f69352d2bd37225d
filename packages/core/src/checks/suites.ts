import type { Check } from './check.ts'
import { closeChecks, halfCloseChecks } from './close-checks.ts'
import type { DatagramCheck } from './datagram-harness.ts'
import { datagramPeerChecks } from './datagram-peer-checks.ts'
import {
  datagramFaultChecks,
  datagramLimitChecks,
  datagramPortChecks,
  multicastChecks,
} from './datagram-port-checks.ts'
import { faultChecks, peerChecks } from './fault-checks.ts'
import { producerChecks } from './producer-checks.ts'
import { readChecks } from './read-checks.ts'
import { switchChecks } from './switch-checks.ts'
import type { TransportCapability, TransportCheck } from './transport-harness.ts'
import { wireCloseChecks, wireEndChecks } from './wire-close-checks.ts'
import type { WireCheck } from './wire-harness.ts'
import { wireReadChecks, wireWriteChecks } from './wire-transfer-checks.ts'
import { writeChecks } from './write-checks.ts'

/**
 * Checks that every transport must pass, over any wire, so that the doubles behave as real connections do.
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

/**
 * Returns the checks that need only `capabilities`: of `checks`, or of `transportChecks` without that argument. A
 * check that needs a capability that is missing is left out, so name each capability that you have.
 */
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

/** A check of any kind, as far as `checksFor` uses it. */
type Demanding<N> = Pick<Check<never, N>, 'needs'>

/**
 * Checks that every UDP port must pass, over any wire, so that the doubles behave as real ports do.
 *
 *     for (const check of datagramChecks) test(check.name, () => check.run(harness))
 */
export const datagramChecks: readonly DatagramCheck[] = [
  ...datagramPeerChecks,
  ...datagramPortChecks,
  ...datagramLimitChecks,
  ...datagramFaultChecks,
  ...multicastChecks,
]

/**
 * Checks that every wire must pass, so that the doubles behave as a socket does.
 *
 *     for (const check of checksFor(harness.capabilities, wireChecks)) test(check.name, () => check.run(harness))
 */
export const wireChecks: readonly WireCheck[] = [
  ...wireReadChecks,
  ...wireWriteChecks,
  ...wireEndChecks,
  ...wireCloseChecks,
]
