import { bytes, count, milliseconds, type OptionRules, quantity } from '@ropewalk/core/options'
import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../codec/limits.ts'

/** The limits and deadlines of an HTTP connection. */
export interface HTTPChannelOptions extends HTTPLimits {
  /** Longest wait for the first byte on a new connection, in milliseconds; then it is closed. Default 60 000. */
  readonly idleTimeoutMs: number
  /** Longest wait for a whole request head, from its first byte. Beyond it: 408. Default 60 000. */
  readonly headTimeoutMs: number
  /**
   * Longest wait for the next bytes of a body that is being read, in milliseconds. Beyond it: 408. Chunk
   * extensions and trailers are no bytes of the body. Default 60 000.
   */
  readonly bodyTimeoutMs: number
  /**
   * Least average rate of a body that is being read, after `bodyGraceMs`. Below it: 408. Only time in which
   * the body is waited for counts. 0 for none. Default 500.
   */
  readonly minBodyBytesPerSecond: number
  /** Milliseconds of waiting for a body that `minBodyBytesPerSecond` leaves out. Default 10 000. */
  readonly bodyGraceMs: number
  /**
   * Longest time until a response begins, in milliseconds; while the body is waited for it does not run.
   * Beyond it: 503, and the request is aborted. Infinity for no deadline; one request may set its own with
   * `setResponseTimeout`. Default 120 000.
   */
  readonly responseTimeoutMs: number
  /**
   * Longest time in which nothing is sent of a response to a client that has sent its end (FIN), in milliseconds;
   * then the connection is aborted. Each request that was sent before the end has it. Default 5 000.
   */
  readonly departureGraceMs: number
  /** Longest wait for the next request on a connection; then it is closed. Default 75 000. */
  readonly keepAliveTimeoutMs: number
  /** Bytes of an unread body that are dropped to keep the connection; beyond, it is closed. Default 64 KiB. */
  readonly maxDiscardedBytes: number
  /** Longest time for dropping an unread body, in milliseconds; then the connection is closed. Default 10 000. */
  readonly discardTimeoutMs: number
  /** Time in which an idle connection may begin one more request when the reactor stops, in milliseconds. Default 1 000. */
  readonly drainGraceMs: number
}

/** The limits and deadlines of a channel that is given none. */
export const DEFAULT_CHANNEL_OPTIONS: HTTPChannelOptions = {
  ...DEFAULT_HTTP_LIMITS,
  idleTimeoutMs: 60_000,
  headTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  minBodyBytesPerSecond: 500,
  bodyGraceMs: 10_000,
  responseTimeoutMs: 120_000,
  departureGraceMs: 5_000,
  keepAliveTimeoutMs: 75_000,
  maxDiscardedBytes: 65_536,
  discardTimeoutMs: 10_000,
  drainGraceMs: 1_000,
}

/** What each option may be. */
export const CHANNEL_OPTION_RULES: OptionRules<HTTPChannelOptions> = {
  maxRequestLineBytes: bytes(),
  maxHeadBytes: bytes(),
  maxFieldCount: count(),
  maxBodyBytes: bytes({ endless: true }),
  maxChunkExtensionBytes: bytes(),
  maxTrailerBytes: bytes(),
  idleTimeoutMs: milliseconds(),
  headTimeoutMs: milliseconds(),
  bodyTimeoutMs: milliseconds(),
  minBodyBytesPerSecond: quantity(),
  bodyGraceMs: milliseconds(),
  responseTimeoutMs: milliseconds({ endless: true }),
  departureGraceMs: milliseconds(),
  keepAliveTimeoutMs: milliseconds(),
  maxDiscardedBytes: bytes(),
  discardTimeoutMs: milliseconds(),
  drainGraceMs: milliseconds(),
}
