/** How much a peer may send at once (RFC 6455 §10.4). */
export interface WebSocketLimits {
  /** Longest message. Beyond it: close 1009, before the frame that crosses it is read. Infinity for none. Default 1 MiB. */
  readonly maxMessageBytes: number
  /** Longest frame. Beyond it: close 1009. Default: only `maxMessageBytes` counts. */
  readonly maxFrameBytes: number
}

/** What is accepted unless told otherwise. */
export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  maxMessageBytes: 1024 * 1024,
  maxFrameBytes: Infinity,
}
