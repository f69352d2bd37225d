import type { ConnectionClosed } from '@ropewalk/core'
import type { WebSocketViolation } from './errors.ts'

/** How a WebSocket ended. */
export interface WebSocketClosed {
  /** The peer's close code; 1005 when its close frame had none, 1006 when no close frame came. */
  readonly code: number
  /** The peer's reason, '' when it gave none. */
  readonly reason: string
  /** Whose close frame came first; `nobody` when the connection ended without one. */
  readonly closedBy: 'us' | 'peer' | 'nobody'
  /** The code of the close frame we sent, 1005 when that had none; undefined when we sent no close frame. */
  readonly sentCode: number | undefined
  /** The reason in the close frame we sent, '' when there was none. */
  readonly sentReason: string
  /** How the peer broke the rules, or our limits, so that we closed; undefined when it did not. */
  readonly violation: WebSocketViolation | undefined
  /** Whether both sides have sent a close frame. */
  readonly wasClean: boolean
  /** How the connection beneath ended. */
  readonly cause: ConnectionClosed
}
