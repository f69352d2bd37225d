import { DEFAULT_QUEUE_OPTIONS, QUEUE_OPTION_RULES, type QueueOptions } from './queue-options.ts'
import { DEFAULT_WEBSOCKET_LIMITS, WEBSOCKET_LIMIT_RULES, type WebSocketLimits } from '../codec/limits.ts'
import { CLOSE_CODE_RULE, CLOSE_REASON_RULE } from './close-rules.ts'
import { Deflate } from '../deflate/deflate.ts'
import { type GivenDeflateOptions, deflateOptions, deflateRule } from '../deflate/deflate-options.ts'
import {
  byteCount,
  count,
  flag,
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
  /** The code of the close frame when the reactor stops, such as 1012 for a restart. Default 1001. */
  readonly drainCode: number
  /** The reason in that close frame, 123 bytes of UTF-8 at most. Default: none. */
  readonly drainReason: string
  /**
   * Each WebSocket closes at a random time within this many milliseconds after the reactor has begun to drain
   * it, so that not all clients connect again at once. Until then it continues as before. The connections
   * that are up when `drainMs` of the stop has passed are aborted. Default 0: at once.
   */
  readonly drainOverMs: number
  /**
   * A ping is sent when the peer has sent no byte for this many milliseconds. Infinity: no pings, and a peer
   * that is gone without a FIN or a reset is not noticed. Default 20 000.
   */
  readonly pingIntervalMs: number
  /**
   * Longest wait, in milliseconds, for a byte of the peer after such a ping; then the connection is aborted
   * with a SilentPeerError. A peer that may be reading what was sent before the ping has more time, half a
   * second for each 1 000 bytes. Infinity: no limit. Default 20 000.
   */
  readonly pongTimeoutMs: number
  /**
   * Whether pings get their pongs. With false, the protocol replies in `pingReceived`, with
   * `transport.pong(payload)`. Default true.
   */
  readonly autoPong: boolean
  /**
   * Longest time, in milliseconds, without a message in either direction; then the WebSocket closes with
   * 1001. Pings are not messages. Time in which a callback is pending, or output waits, does not count. Default
   * Infinity: no limit.
   */
  readonly idleTimeoutMs: number
  /**
   * Longest wait, in milliseconds, for the rest of a message that has begun. Each byte that arrives adds 2 ms,
   * so that a peer that sends 500 bytes a second is not cut off. Beyond it: close 1008. For a protocol that
   * receives messages in parts, this limits each frame. Infinity: no limit. Default 60 000.
   */
  readonly frameTimeoutMs: number
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
  drainCode: 1001,
  drainReason: '',
  drainOverMs: 0,
  pingIntervalMs: 20_000,
  pongTimeoutMs: 20_000,
  autoPong: true,
  idleTimeoutMs: Infinity,
  frameTimeoutMs: 60_000,
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
  drainCode: CLOSE_CODE_RULE,
  drainReason: CLOSE_REASON_RULE,
  drainOverMs: milliseconds(),
  pingIntervalMs: milliseconds({ above: 0, endless: true }),
  pongTimeoutMs: milliseconds({ above: 0, endless: true }),
  autoPong: flag,
  idleTimeoutMs: milliseconds({ above: 0, endless: true }),
  frameTimeoutMs: milliseconds({ above: 0, endless: true }),
  deflate: deflateRule,
}

/** Names that `ws` has for these options. */
export const WEBSOCKET_OPTIONS_OF_WS = {
  maxPayload: 'maxMessageBytes',
  perMessageDeflate: 'deflate',
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

  /** Returns options that may have been checked before. Throws as `webSocketOptions` does. */
  static from(
    owner: string,
    options: GivenOptions<WebSocketOptions> | CheckedWebSocketOptions | undefined,
  ): CheckedWebSocketOptions {
    if (options instanceof CheckedWebSocketOptions) return options
    return new CheckedWebSocketOptions(webSocketOptions(owner, options))
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
