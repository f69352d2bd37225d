import { bytes, count, milliseconds, type OptionRules } from '@ropewalk/core/options'
import { DEFAULT_HTTP_LIMITS, type HTTPLimits } from '../wire/limits.ts'

/** The limits and deadlines of an HTTP connection. */
export interface HTTPChannelOptions extends HTTPLimits {
  /** Longest wait for the first byte on a new connection, in milliseconds; then it is closed. Default 60 000. */
  readonly idleTimeoutMs: number
  /** Longest wait for a whole request head, from its first byte. Beyond it: 408. Default 60 000. */
  readonly headTimeoutMs: number
  /** Longest wait for the next bytes of a body that is being read. Beyond it: 408. Default 60 000. */
  readonly bodyTimeoutMs: number
  /** Longest wait for the next request on a connection; then it is closed. Default 75 000. */
  readonly keepAliveTimeoutMs: number
  /** Bytes of a body that nobody read which are dropped to keep the connection; beyond, it is closed. Default 64 KiB. */
  readonly maxDiscardedBytes: number
}

/** The limits and deadlines of a channel that is given none. */
export const DEFAULT_CHANNEL_OPTIONS: HTTPChannelOptions = {
  ...DEFAULT_HTTP_LIMITS,
  idleTimeoutMs: 60_000,
  headTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  keepAliveTimeoutMs: 75_000,
  maxDiscardedBytes: 65_536,
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
  keepAliveTimeoutMs: milliseconds(),
  maxDiscardedBytes: bytes(),
}
