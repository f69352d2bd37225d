import {
  bytes,
  count,
  type GivenOptions,
  milliseconds,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { originPolicy, type OriginPolicy } from './handshake/origin-policy.ts'
import { DEFAULT_WEBSOCKET_LIMITS, WEBSOCKET_LIMIT_RULES, type WebSocketLimits } from './codec/limits.ts'

/** The limits and deadlines of a WebSocket. */
export interface WebSocketOptions extends WebSocketLimits {
  /** Longest wait for the peer's close frame after ours, in milliseconds; then the connection is aborted. Default 5 000. */
  readonly closeTimeoutMs: number
  /**
   * Messages held back while the protocol is not ready for them; beyond it nothing more is read. Up to it
   * pings, close frames and the peer's leaving are noticed at once. Default 16.
   */
  readonly maxMessagesAhead: number
  /** Bytes of payload in the messages held back; beyond it nothing more is read. Default 64 KiB. */
  readonly maxBytesAhead: number
  /**
   * Longest wait, in milliseconds, for the callbacks of a protocol whose peer has left; then
   * `connectionLost` is called although they have not returned. Default 5 000.
   */
  readonly departureGraceMs: number
  /**
   * Longest wait, in milliseconds, for a callback under way when the reactor stops, before the close frame is
   * sent. A protocol with `drain` is waited for instead. Default 5 000.
   */
  readonly drainGraceMs: number
  /** Which pages may open it. Default `same`. */
  readonly origins: OriginPolicy
}

/** The limits and deadlines of a WebSocket that is given none. */
export const DEFAULT_WEBSOCKET_OPTIONS: WebSocketOptions = {
  ...DEFAULT_WEBSOCKET_LIMITS,
  closeTimeoutMs: 5_000,
  maxMessagesAhead: 16,
  maxBytesAhead: 65_536,
  departureGraceMs: 5_000,
  drainGraceMs: 5_000,
  origins: 'same',
}

/** What each option may be. */
export const WEBSOCKET_OPTION_RULES: OptionRules<WebSocketOptions> = {
  ...WEBSOCKET_LIMIT_RULES,
  closeTimeoutMs: milliseconds(),
  maxMessagesAhead: count(),
  maxBytesAhead: bytes(),
  departureGraceMs: milliseconds(),
  drainGraceMs: milliseconds(),
  origins: originPolicy,
}

/**
 * Checks options, and fills in the defaults.
 *
 * @param owner What takes them, as error messages name it.
 * @throws {TypeError} when an option does not exist, or has another type.
 * @throws {RangeError} when a value is out of range, or an origin is one that no browser sends.
 */
export function webSocketOptions(
  owner: string,
  given: GivenOptions<WebSocketOptions> | undefined,
): WebSocketOptions {
  return withDefaults(owner, DEFAULT_WEBSOCKET_OPTIONS, given, WEBSOCKET_OPTION_RULES)
}
