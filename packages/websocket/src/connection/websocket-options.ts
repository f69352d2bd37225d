import { DEFAULT_QUEUE_OPTIONS, QUEUE_OPTION_RULES, type QueueOptions } from './queue-options.ts'
import { DEFAULT_WEBSOCKET_LIMITS, WEBSOCKET_LIMIT_RULES, type WebSocketLimits } from '../codec/limits.ts'
import { Deflate } from '../deflate/deflate.ts'
import { type GivenDeflateOptions, deflateOptions, deflateRule } from '../deflate/deflate-options.ts'
import {
  byteCount,
  count,
  type GivenOptions,
  milliseconds,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'

/** The limits and deadlines of a WebSocket. */
export interface WebSocketOptions extends WebSocketLimits, QueueOptions {
  /**
   * Longest wait for the peer's close frame after ours, in milliseconds; then the connection is aborted.
   * Default 5 000.
   */
  readonly closeTimeoutMs: number
  /**
   * Most messages held back while the protocol is paused or a callback is pending. Beyond it nothing more is
   * read, so that pings, close frames and the peer's end are no longer noticed at once. Default 16.
   */
  readonly maxMessagesAhead: number
  /** Most bytes of payload in the messages held back. Beyond it nothing more is read. Default 64 KiB. */
  readonly maxBytesAhead: number
  /**
   * Longest wait, in milliseconds, for pending callbacks after the peer has left. Then `connectionLost` is
   * called although they are still pending. Default 5 000.
   */
  readonly departureGraceMs: number
  /**
   * Longest wait, in milliseconds, for pending callbacks when the reactor stops; then the close frame is
   * sent. It does not apply to a protocol with `drain`: that promise is awaited instead. Default 5 000.
   */
  readonly drainGraceMs: number
  /**
   * Whether messages are compressed if the peer agrees (RFC 7692), and how. `true` has the defaults of
   * DeflateOptions. Default false: see the guide for what compression takes in time and memory.
   */
  readonly deflate: GivenDeflateOptions
}

/** The default limits and deadlines of a WebSocket. */
export const DEFAULT_WEBSOCKET_OPTIONS: WebSocketOptions = {
  ...DEFAULT_WEBSOCKET_LIMITS,
  ...DEFAULT_QUEUE_OPTIONS,
  closeTimeoutMs: 5_000,
  maxMessagesAhead: 16,
  maxBytesAhead: 65_536,
  departureGraceMs: 5_000,
  drainGraceMs: 5_000,
  deflate: false,
}

/** The type and range of each option. */
export const WEBSOCKET_OPTION_RULES: OptionRules<WebSocketOptions> = {
  ...WEBSOCKET_LIMIT_RULES,
  ...QUEUE_OPTION_RULES,
  closeTimeoutMs: milliseconds(),
  maxMessagesAhead: count(),
  maxBytesAhead: byteCount(),
  departureGraceMs: milliseconds(),
  drainGraceMs: milliseconds(),
  deflate: deflateRule,
}

/** Options that have been checked and filled in, which many channels share. */
export class CheckedWebSocketOptions {
  readonly values: WebSocketOptions
  /** The compression that the channels share; undefined when the option `deflate` is false. */
  readonly deflate: Deflate | undefined

  /** @param values As `webSocketOptions` returns them. */
  constructor(values: WebSocketOptions) {
    this.values = values
    const deflate = deflateOptions(values.deflate)
    this.deflate = deflate && new Deflate(deflate)
  }
}

/**
 * Checks options, and fills in the defaults.
 *
 * @param owner The class or function that takes the options, for error messages.
 * @throws {TypeError} when an option does not exist or has the wrong type.
 * @throws {RangeError} when a value is out of range.
 */
export function webSocketOptions(
  owner: string,
  given: GivenOptions<WebSocketOptions> | undefined,
): WebSocketOptions {
  return withDefaults(owner, DEFAULT_WEBSOCKET_OPTIONS, given, WEBSOCKET_OPTION_RULES)
}
