import { byteCount, checkValue, type OptionRules } from '@ropewalk/core/options'

/** Limits on the size of the peer's messages and frames (RFC 6455 §10.4). */
export interface WebSocketLimits {
  /**
   * Longest message, in bytes. Beyond it: close 1009, before the payload of the frame that exceeds it is
   * read. It also bounds the number of fragments of a message; beyond: close 1008. At least 1; Infinity for
   * no limit. Default 1 MiB.
   */
  readonly maxMessageBytes: number
  /**
   * Longest frame, in bytes. Beyond it: close 1009. At least 1. Default Infinity: only `maxMessageBytes`
   * counts.
   */
  readonly maxFrameBytes: number
}

/** The default limits of a WebSocket. */
export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  maxMessageBytes: 1024 * 1024,
  maxFrameBytes: Infinity,
}

/** The type and range of each limit. */
export const WEBSOCKET_LIMIT_RULES: OptionRules<WebSocketLimits> = {
  maxMessageBytes: byteCount({ least: 1, endless: true }),
  maxFrameBytes: byteCount({ least: 1, endless: true }),
}

/**
 * Throws unless both limits are valid: a comparison with NaN or undefined would never refuse anything.
 *
 * @throws {TypeError} when a limit is not a number.
 * @throws {RangeError} when a limit is neither a whole number of at least 1 nor Infinity.
 */
export function checkWebSocketLimits(limits: WebSocketLimits): void {
  for (const name of ['maxMessageBytes', 'maxFrameBytes'] as const)
    checkValue('a WebSocket', name, limits[name], WEBSOCKET_LIMIT_RULES[name])
}
