import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../codec/limits.ts'
import { byteCount, count, milliseconds, type OptionRules, quantity } from '@ropewalk/core/options'

/** The limits and deadlines of an HTTP connection. */
export interface HTTPChannelOptions extends HTTPLimits {
  /**
   * Longest wait for the first byte on a new connection, in milliseconds; then it is closed. Default 60 000.
   */
  readonly idleTimeoutMs: number
  /**
   * Longest wait for a whole request head, from its first byte, in milliseconds. Beyond it: 408.
   * Default 60 000.
   */
  readonly headTimeoutMs: number
  /**
   * Longest wait for the next bytes of a body that is being read, in milliseconds. Beyond it: 408. Chunk
   * extensions and trailers do not count as bytes of the body. Default 60 000.
   */
  readonly bodyTimeoutMs: number
  /**
   * Least average rate of a body that is being read, after `bodyGraceMs`. Below it: 408. Only time spent
   * waiting for the body counts. 0 for no least rate. Default 500.
   */
  readonly minBodyBytesPerSecond: number
  /**
   * Time spent waiting for a body before `minBodyBytesPerSecond` applies, in milliseconds. Default 10 000.
   */
  readonly bodyGraceMs: number
  /**
   * Longest time until a response begins, in milliseconds. Beyond it: 503, and the request is aborted. Time
   * spent waiting for the body does not count. Infinity for no deadline; `setResponseTimeout` sets that of
   * one request. Default 120 000.
   */
  readonly responseTimeoutMs: number
  /**
   * Longest time in which the program writes no byte of a response to a client that has sent its FIN, in
   * milliseconds; then the connection is aborted. It is extended while output is unsent, and applies to each
   * request received before the FIN. Default 5 000.
   */
  readonly departureGraceMs: number
  /**
   * Longest wait for the next request on a connection, in milliseconds; then it is closed. Default 75 000.
   */
  readonly keepAliveTimeoutMs: number
  /**
   * Most bytes of an unread body that are discarded to keep the connection. Beyond it, the connection is
   * closed. Default 64 KiB.
   */
  readonly maxDiscardedBytes: number
  /**
   * Longest time for discarding an unread body, in milliseconds; then the connection is closed.
   * Default 10 000.
   */
  readonly discardTimeoutMs: number
  /**
   * Time in which an idle connection may begin one more request when the reactor stops, in milliseconds.
   * Default 1 000.
   */
  readonly drainGraceMs: number
}

/** The limits and deadlines of a channel without options. */
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

/**
 * Returns the limits of the reader of a channel with these options: those of the body excepted. A request can raise its
 * limit, so a long body is refused when it is read, not with its head. All channels with the same options share them.
 */
export function readerLimits(options: HTTPChannelOptions): HTTPLimits {
  let limits = READER_LIMITS.get(options)
  if (limits === undefined) {
    limits = { ...options, maxBodyBytes: Infinity }
    READER_LIMITS.set(options, limits)
  }
  return limits
}

const READER_LIMITS = new WeakMap<HTTPChannelOptions, HTTPLimits>()
/** The type and range of each option. */
export const CHANNEL_OPTION_RULES: OptionRules<HTTPChannelOptions> = {
  maxRequestLineBytes: byteCount(),
  maxHeadBytes: byteCount(),
  maxFieldCount: count(),
  maxBodyBytes: byteCount({ endless: true }),
  maxChunkExtensionBytes: byteCount(),
  maxTrailerBytes: byteCount(),
  idleTimeoutMs: milliseconds(),
  headTimeoutMs: milliseconds(),
  bodyTimeoutMs: milliseconds(),
  minBodyBytesPerSecond: quantity(),
  bodyGraceMs: milliseconds(),
  responseTimeoutMs: milliseconds({ endless: true }),
  departureGraceMs: milliseconds(),
  keepAliveTimeoutMs: milliseconds(),
  maxDiscardedBytes: byteCount(),
  discardTimeoutMs: milliseconds(),
  drainGraceMs: milliseconds(),
}
