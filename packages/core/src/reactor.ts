/**
 * Parts from which another package builds a reactor of its own.
 *
 * @module
 */
export {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from './datagram/datagram-wire.ts'
export { counted } from './bytes/remote-error.ts'
export { ReactorAlreadyRunning, ReactorNotRunning } from './errors.ts'
export { asciiHost } from './hosts.ts'
export type {
  ConnectionContext,
  DeadlineKeeper,
  DeadlinePlace,
  InheritedSocket,
  KeptDeadline,
  LookupOptions,
  ReactorContext,
  ReactorCore,
  ReactorDescriptors,
  ReactorFiles,
  ReactorNames,
  ReactorRandom,
  ReactorStandardIO,
  ReactorUNIX,
  SystemEvent,
  SystemReactor,
  TriggerId,
  TriggerPhase,
} from './interfaces/reactor.ts'
export type { SecureWire, SecureWireEvents, WireUnderTLS } from './interfaces/tls.ts'
export type { ConnectedWire, Wire, WireEvents } from './interfaces/wire.ts'
export { WireReactor, type WireReactorSetup } from './reactor/wire-reactor.ts'
export { callSafely, isThenable, settleSafely, tolerated } from './safely.ts'
export { DeadlineWheel } from './time/deadline.ts'
export { type Schedule, ScheduledCall } from './time/timers.ts'
export { Acceptor } from './transport/acceptor.ts'
export { startFactory, stopFactory } from './transport/build-protocol.ts'
export type { ConnectionRegistry, RegisteredConnection } from './transport/connection-registry.ts'
export { connectFailure } from './transport/dial-by-name.ts'
export type { DialEvents, ConnectAttempt } from './transport/stream-connector.ts'
