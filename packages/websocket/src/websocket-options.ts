import type { OriginPolicy } from './handshake/origin-policy.ts'
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from './wire/websocket-limits.ts'

/** The limits and deadlines of a WebSocket. */
export interface WebSocketOptions extends WebSocketLimits {
  /** Longest wait for the peer's close frame after ours, in milliseconds; then the connection is aborted. Default 5 000. */
  readonly closeTimeoutMs: number
  /** Which pages may open it. Default `same`. */
  readonly origins: OriginPolicy
}

/** What a WebSocket does unless told otherwise. */
export const DEFAULT_WEBSOCKET_OPTIONS: WebSocketOptions = {
  ...DEFAULT_WEBSOCKET_LIMITS,
  closeTimeoutMs: 5_000,
  origins: 'same',
}
