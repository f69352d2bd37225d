export {
  type Address,
  formatAddress,
  tcpAddress,
  type TCPAddress,
  udpAddress,
  type UDPAddress,
  unixAddress,
  type UNIXAddress,
} from './addresses.ts'
export { LineTooLongError, RemoteError } from './bytes/remote-error.ts'
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
  DatagramDrops,
  DatagramEvents,
  DatagramTransport,
  ListenMulticastOptions,
  ListenUDPOptions,
  MulticastTransport,
  ReactorUDP,
  UDPDestination,
} from './interfaces/datagram.ts'
export type {
  LogConnection,
  LogEvent,
  LogFields,
  LogLevel,
  LogObserver,
  LogObservers,
} from './interfaces/log.ts'
export type {
  ChildFD,
  ProcessEvents,
  ProcessTransport,
  ReactorProcess,
  SignalName,
  SpawnOptions,
} from './interfaces/process.ts'
export type {
  Consumer,
  Pipeable,
  PipeOptions,
  PullProducer,
  PushProducer,
  Transport,
  TransportOptions,
} from './interfaces/transport.ts'
export type {
  AcceptOptions,
  ConnectionContext,
  ConnectTCPOptions,
  DeadlineKeeper,
  DelayedCall,
  InheritedSocket,
  KeptDeadline,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  LookupOptions,
  Reactor,
  ReactorContext,
  ReactorCore,
  ReactorDescriptors,
  ReactorFiles,
  ReactorLog,
  ReactorNames,
  ReactorRandom,
  ReactorStandardIO,
  ReactorTCP,
  ReactorTime,
  ReactorTLS,
  ReactorUNIX,
  RunOptions,
  StopOptions,
  StopReport,
  SystemEvent,
  SystemReactor,
  TriggerId,
  TriggerPhase,
} from './interfaces/reactor.ts'
export type {
  Certificate,
  ClientCertificates,
  ClientTLSOptions,
  KeyPair,
  PEM,
  SecureWire,
  SecureWireEvents,
  ServerTLSOptions,
  TLSContext,
  TLSOptions,
  TLSSession,
  WireUnderTLS,
} from './interfaces/tls.ts'
export type { Wire, WireEvents } from './interfaces/wire.ts'
export {
  type ClientEndpoint,
  type ConnectOptions,
  connectProtocol,
  SSLClientEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from './endpoint/client-endpoint.ts'
export {
  type EndpointArguments,
  type EndpointParser,
  type EndpointReactor,
  EndpointSyntaxError,
  quoteStringArgument,
} from './endpoint/endpoint-string.ts'
export {
  clientFromString,
  type ListeningAddress,
  registerEndpointType,
  serverFromString,
} from './endpoint/from-string.ts'
export { HostnameEndpoint, type HostnameEndpointOptions } from './endpoint/hostname-endpoint.ts'
export {
  AdoptedStreamServerEndpoint,
  type ServerEndpoint,
  SSLServerEndpoint,
  StandardIOEndpoint,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from './endpoint/server-endpoint.ts'
export { wrapClientTLS } from './endpoint/wrap-client-tls.ts'
export {
  AllAddressesFailed,
  AlreadyCalled,
  AlreadyCancelled,
  CannotListenError,
  ConnectBindError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  ConnectionRefusedError,
  DNSLookupError,
  ExitCode,
  IncompleteReadError,
  InvalidAddressError,
  LocalProtocolError,
  MessageLengthError,
  MulticastJoinError,
  NoProtocol,
  NoRouteError,
  NotConnectedError,
  NotConnectingError,
  ProcessDone,
  ProcessEnded,
  ProcessExitedAlready,
  ProcessNotStarted,
  ProcessTerminated,
  ProxyProtocolError,
  type ProxyViolation,
  QueueClosed,
  QueueOverflow,
  QueueUnderflow,
  ReactorAlreadyRunning,
  ReactorNotRunning,
  ServiceStopped,
  TCPTimedOutError,
  TimeoutError,
  TLSConfigurationError,
  TLSHandshakeError,
} from './errors.ts'
export {
  type ConsoleLike,
  consoleObserver,
  filtered,
  jsonLinesObserver,
  type LogFilter,
  type PinoLike,
  pinoObserver,
  textObserver,
} from './log/observers.ts'
export { eventText, formatEvent } from './log/format.ts'
export { LogPublisher, type LogPublisherOptions } from './log/log-publisher.ts'
export { Logger, type LoggerOptions, type LogTarget } from './log/logger.ts'
export { createReactor, logToStderr, type ReactorOptions } from './node/node-reactor.ts'
export { reactor } from './node/default-reactor.ts'
export {
  getProcessOutput,
  getProcessOutputAndValue,
  type ProcessOutput,
  type ProcessOutputOptions,
} from './node/process-output.ts'
export { react, type ReactOptions, runServices, type RunServicesOptions } from './node/run.ts'
export { ALPNFactory, ClientFactory, Factory } from './protocol/factory.ts'
export { ConnectedDatagramProtocol, DatagramProtocol } from './protocol/datagram-protocol.ts'
export {
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  IntNStringReceiver,
  NetstringReceiver,
} from './protocol/string-receivers.ts'
export { LineOnlyReceiver, LineReceiver } from './protocol/line-receiver.ts'
export { ProcessProtocol } from './protocol/process-protocol.ts'
export { Protocol } from './protocol/protocol.ts'
export {
  ReconnectingClientFactory,
  type ReconnectingClientFactoryOptions,
} from './protocol/reconnecting-client-factory.ts'
export { FramingProtocol as FramingProtocol } from './protocol/framing-protocol.ts'
export { backoffPolicy, type BackoffOptions, type RetryPolicy } from './time/backoff.ts'
export {
  ClientService,
  type ClientServiceOptions,
  type ConnectedProtocol,
  type WhenConnectedOptions,
} from './service/client-service.ts'
export { MultiService } from './service/multi-service.ts'
export { Service, type ServiceCollection } from './service/service.ts'
export { serviceFromString, StreamServerEndpointService } from './service/endpoint-services.ts'
export { TimerService, type TimerServiceOptions } from './service/timer-service.ts'
export { StreamProtocol, type StreamWriter } from './stream/stream-protocol.ts'
export type { ReadOptions, ReadUntilOptions, StreamReader } from './stream/stream-reader.ts'
export { type Cancellable, deferLater, sleep, type SleepOptions } from './time/sleep.ts'
export { interval, LoopingCall, type LoopOptions } from './time/looping-call.ts'
export { type Held, Lock, Semaphore } from './time/semaphore.ts'
export { Queue, type QueueOptions } from './time/queue.ts'
export {
  type ProxyAddresses,
  type ProxyClaim,
  proxyClaimFor,
  type ProxyExtensions,
  type ProxyHeader,
  type ProxySSL,
  type ProxyTLV,
  type ProxyVersion,
  SendProxyHeader,
} from './proxy/proxy-header.ts'
export { ProxyHeaderReader, type ProxyHeaderReaderOptions } from './proxy/proxy-header-reader.ts'
export {
  proxyHeaderOf,
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
} from './proxy/proxy-protocol-factory.ts'
export { writeProxyV1 } from './proxy/proxy-v1.ts'
export { writeProxyV2, type WriteProxyV2Options } from './proxy/proxy-v2.ts'
export { ClientTLS } from './tls/client-tls.ts'
export { ServerTLS, type ServerTLSFiles, serverTLSFromFiles, TLSFactory } from './tls/server-tls.ts'
export type {
  Admission,
  ConnectionPolicy,
  ConnectionWatch,
  RateLimit,
  WaitingOptions,
} from './interfaces/policy.ts'
export { IdleTimeout } from './policy/idle-timeout.ts'
export {
  type AcceptRate,
  LimitAcceptRate,
  LimitConnectionsByPeer,
  LimitTotalConnections,
} from './policy/connection-limits.ts'
export { ProtocolTimeout, type TimeoutMixin, withTimeout } from './policy/with-timeout.ts'
export {
  formatRecordedEvent,
  parseRecording,
  recordConnection,
  type RecordConnectionOptions,
  type RecordedBytes,
  type RecordedCut,
  type RecordedEnd,
  type RecordedEvent,
  type RecordedOpening,
  type RecordedStamp as Moment,
  type Recording,
  RecordingError,
} from './policy/recording.ts'
export { Throttle, type ThrottleOptions, TokenBucket } from './policy/throttle.ts'
export { type TrafficEntry, TrafficLog } from './policy/traffic-log.ts'
export { ForwardingFactory, WrappingFactory } from './transport/forwarding-factory.ts'
export { isConnectionEnd } from './transport/connection-end.ts'
export { callSafely as contained, isThenable, settleSafely, tolerated } from './safely.ts'
export { type DiagnosticEvents, logConnection } from './transport/diagnostics.ts'
export { Deadline } from './time/deadline.ts'
export { type Pausable, producerFrom } from './transport/sending.ts'
