/**
 * Rules that accept, queue or refuse connections, and that limit their rate and their time.
 *
 * @module
 */
export type {
  Admission,
  ConnectionPolicy,
  ConnectionWatch,
  RateLimit,
  WaitingOptions,
} from './interfaces/policy.ts'
export {
  type AcceptRate,
  LimitAcceptRate,
  LimitConnectionsByPeer,
  LimitTotalConnections,
  peerKey,
} from './policy/connection-limits.ts'
export { IdleTimeout } from './policy/idle-timeout.ts'
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
  type RecordedStamp,
  type Recording,
  RecordingError,
  type TrafficEntry,
  TrafficLog,
} from './policy/recording.ts'
export { Throttle, type ThrottleOptions, TokenBucket } from './policy/throttle.ts'
export { ProtocolTimeout, type TimeoutMixin, withTimeout } from './policy/with-timeout.ts'
export { ForwardingFactory, WrappingFactory } from './transport/forwarding-factory.ts'
