export { chunkings } from './testing/chunkings.ts'
export { Clock } from './testing/clock.ts'
export { datagramChecks } from './testing/datagram-checks.ts'
export type { DatagramCheck, DatagramHarness } from './testing/datagram-harness.ts'
export { connectedPair, type ConnectedPair, type ConnectedPairOptions } from './testing/connected-pair.ts'
export { leftovers } from './testing/leftovers.ts'
export { type ErrorClass, flushLoggedErrors, LogRecorder } from './testing/log-recorder.ts'
export { MemoryReactor, type MemoryReactorOptions } from './testing/memory-reactor.ts'
export { checksFor, transportChecks } from './testing/transport-checks.ts'
export type {
  TransportCapability,
  TransportCheck,
  TransportHarness,
  TransportPair,
} from './testing/transport-harness.ts'
export { StringTransport, type StringTransportOptions } from './testing/string-transport.ts'
export { wireChecks } from './testing/wire-checks.ts'
export type { WireCapability, WireCheck, WireEnd, WireHarness, WirePair } from './testing/wire-harness.ts'
