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

/** What is accepted unless told otherwise. */
export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  maxMessageBytes: 1024 * 1024,
  maxFrameBytes: Infinity,
}

/**
 * Makes sure that limits limit: a comparison with NaN or undefined would let everything pass.
 *
 * @throws {RangeError} when one is not a number of at least 1.
 */
export function checkWebSocketLimits({ maxMessageBytes, maxFrameBytes }: WebSocketLimits): void {
  checkLimit('maxMessageBytes', maxMessageBytes)
  checkLimit('maxFrameBytes', maxFrameBytes)
}

function checkLimit(name: keyof WebSocketLimits, value: number): void {
  if (typeof value === 'number' && value >= 1) return
  throw new RangeError(`Cannot use ${value} as ${name}: at least 1, or Infinity for no limit`)
}
