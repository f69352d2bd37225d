import { bytes, checkValue, type OptionRules } from '@ropewalk/core/options'

/** How much a peer may send at once (RFC 6455 §10.4). */
export interface WebSocketLimits {
  /**
   * Longest message, in bytes. Beyond it: close 1009, before the frame that crosses it is read. It also
   * bounds the fragments of a message; beyond: close 1008. At least 1; Infinity for none. Default 1 MiB.
   */
  readonly maxMessageBytes: number
  /** Longest frame, in bytes. Beyond it: close 1009. At least 1. Default Infinity: only `maxMessageBytes` counts. */
  readonly maxFrameBytes: number
}

/** The limits of a WebSocket that is given none. */
export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  maxMessageBytes: 1024 * 1024,
  maxFrameBytes: Infinity,
}

/** What each limit may be. */
export const WEBSOCKET_LIMIT_RULES: OptionRules<WebSocketLimits> = {
  maxMessageBytes: bytes({ least: 1, endless: true }),
  maxFrameBytes: bytes({ least: 1, endless: true }),
}

/**
 * Makes sure that limits limit: a comparison with NaN or undefined would let everything pass.
 *
 * @throws {TypeError} when one is no number.
 * @throws {RangeError} when one is no whole number of at least 1, nor Infinity.
 */
export function checkWebSocketLimits(limits: WebSocketLimits): void {
  for (const name of ['maxMessageBytes', 'maxFrameBytes'] as const)
    checkValue('a WebSocket', name, limits[name], WEBSOCKET_LIMIT_RULES[name])
}
