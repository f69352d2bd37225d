export { chunkings } from './testing/chunkings.ts'
export { Clock } from './testing/clock.ts'
export { checksFor, datagramChecks, transportChecks, wireChecks } from './checks/suites.ts'
export type { DatagramCheck, DatagramHarness } from './checks/datagram-harness.ts'
export {
  connectedPair,
  type ConnectedPair,
  type ConnectedPairOptions,
  leftovers,
  MemoryReactor,
  type MemoryReactorOptions,
} from './testing/memory-reactor.ts'
export { type ErrorClass, flushLoggedErrors, LogRecorder } from './testing/log-recorder.ts'
export type {
  TransportCapability,
  TransportCheck,
  TransportHarness,
  TransportPair,
} from './checks/transport-harness.ts'
export { StringTransport, type StringTransportOptions } from './testing/string-transport.ts'
export type { WireCapability, WireCheck, WireEnd, WireHarness, WirePair } from './checks/wire-harness.ts'
