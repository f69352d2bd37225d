/**
 * Checks that every transport, wire and datagram port must pass.
 *
 * @module
 */
export type { DatagramCheck, DatagramHarness } from './checks/datagram-harness.ts'
export { checksFor, datagramChecks, transportChecks, wireChecks } from './checks/suites.ts'
export type {
  TransportCapability,
  TransportCheck,
  TransportHarness,
  TransportPair,
} from './checks/transport-harness.ts'
export type { WireCapability, WireCheck, WireEnd, WireHarness, WirePair } from './checks/wire-harness.ts'
