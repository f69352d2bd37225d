export { asciiHost } from './hosts.ts'
export type { ConnectedWire, Wire, WireEvents } from './interfaces/wire.ts'
export {
  bindingSpeaks,
  type DatagramBinding,
  type DatagramWire,
  type DatagramWireEvents,
} from './datagram/datagram-wire.ts'
export { WireReactor, type WireReactorSetup } from './reactor/wire-reactor.ts'
export { type Schedule, ScheduledCall } from './time/scheduled-call.ts'
export { Acceptor } from './transport/acceptor.ts'
export { callSafely as contained } from './safely.ts'
export { DeadlineWheel } from './time/deadline.ts'
export { startFactory, stopFactory } from './transport/build-protocol.ts'
export type { DialEvents, Dialling } from './transport/stream-connector.ts'
export type { RegisteredTransport, ConnectionRegistry } from './transport/connection-registry.ts'
