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

/**
 * What every UDP port promises, whatever carries its datagrams, so that no double can lie.
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
