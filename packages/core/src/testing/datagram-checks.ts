import { datagramFaultChecks } from './checks/datagram-fault-checks.ts'
import { datagramLimitChecks } from './checks/datagram-limit-checks.ts'
import { datagramPeerChecks } from './checks/datagram-peer-checks.ts'
import { datagramPortChecks } from './checks/datagram-port-checks.ts'
import { multicastChecks } from './checks/multicast-checks.ts'
import type { DatagramCheck } from './datagram-harness.ts'

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
