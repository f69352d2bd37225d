/**
 * Doubles for tests without sockets: transports, a reactor and a clock in memory.
 *
 * @module
 */
export { chunkings } from './testing/chunkings.ts'
export { Clock } from './testing/clock.ts'
export { type ErrorClass, flushLoggedErrors, LogRecorder } from './testing/log-recorder.ts'
export {
  connectedPair,
  type ConnectedPair,
  type ConnectedPairOptions,
  leftovers,
  MemoryReactor,
  type MemoryReactorOptions,
} from './testing/memory-reactor.ts'
export { StringTransport, type StringTransportOptions } from './testing/string-transport.ts'
