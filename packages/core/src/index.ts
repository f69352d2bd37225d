/**
 * Protocols, factories, transports and the reactor that runs them.
 *
 * @module
 */
export {
  type Address,
  formatAddress,
  tcpAddress,
  type TCPAddress,
  unixAddress,
  type UNIXAddress,
} from './addresses.ts'
export {
  CannotListenError,
  ConnectError,
  ConnectionAborted,
  ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  ConnectionRefusedError,
  DNSLookupError,
  LocalProtocolError,
  NoProtocol,
  NotConnectedError,
  TCPTimedOutError,
} from './errors.ts'
export type {
  Connector,
  Drainable,
  HalfCloseable,
  ProtocolEvents,
  ProtocolFactory,
  Replaceable,
  Securable,
} from './interfaces/protocol-events.ts'
export type {
  AcceptOptions,
  ConnectTCPOptions,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  Reactor,
  ReactorTCP,
  RunOptions,
  StopOptions,
  StopReport,
} from './interfaces/reactor.ts'
export type {
  Consumer,
  Pipeable,
  PipeOptions,
  PullProducer,
  PushProducer,
  Transport,
  TransportOptions,
} from './interfaces/transport.ts'
export { reactor } from './node/default-reactor.ts'
export { createReactor, type ReactorOptions } from './node/node-reactor.ts'
export { react, type ReactOptions } from './node/run.ts'
export { ClientFactory, Factory } from './protocol/factory.ts'
export { FramingProtocol } from './protocol/framing-protocol.ts'
export { LineOnlyReceiver, LineReceiver } from './protocol/line-receiver.ts'
export { Protocol } from './protocol/protocol.ts'
export {
  ReconnectingClientFactory,
  type ReconnectingClientFactoryOptions,
} from './protocol/reconnecting-client-factory.ts'
export {
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  IntNStringReceiver,
  NetstringReceiver,
} from './protocol/string-receivers.ts'
export { sleep, type SleepOptions } from './time/sleep.ts'
export { isConnectionEnd } from './transport/connection-end.ts'
export { type Pausable, producerFrom } from './transport/sending.ts'
