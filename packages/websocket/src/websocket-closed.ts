import type { ConnectionClosed } from '@ropewalk/core'

/** How a WebSocket ended. */
export interface WebSocketClosed {
  /** The peer's close code; 1005 when its close frame had none, 1006 when no close frame came. */
  readonly code: number
  /** The peer's reason, '' when it gave none. */
  readonly reason: string
  /** Whose close frame came first; `nobody` when the connection went away without one. */
  readonly closedBy: 'us' | 'peer' | 'nobody'
  /** The code of the close frame we sent; undefined when we sent none. */
  readonly sentCode: number | undefined
  /** How the connection beneath ended. */
  readonly cause: ConnectionClosed
}
