import { ConnectionAborted, type ConnectionClosed, ConnectionDone, ConnectionLost } from '../errors.ts'

/** How far a connection has come; each stage carries what only it knows. */
export type Stage =
  | { readonly is: 'connected' }
  | { readonly is: 'disconnecting' }
  | { readonly is: 'aborted'; readonly cause: unknown }
  | { readonly is: 'lost'; readonly reason: ConnectionClosed }

/** The connection is up. */
export const CONNECTED: Stage = { is: 'connected' }
/** A close has been asked for. */
export const DISCONNECTING: Stage = { is: 'disconnecting' }

/**
 * Why a connection ended that had come to `stage`.
 *
 * @param finSent Whether all that was written has left, and our end behind it.
 * @param error The system's, if the wire broke.
 */
export function reasonFor(stage: Stage, finSent: boolean, error: Error | undefined): ConnectionClosed {
  if (stage.is === 'aborted') {
    return new ConnectionAborted(undefined, stage.cause === undefined ? undefined : { cause: stage.cause })
  }
  // A reset after both sides have finished takes nothing from the connection; a disk that is full does.
  const done = error === undefined || (stage.is === 'disconnecting' && finSent && isPeersReset(error))
  return done ? new ConnectionDone() : new ConnectionLost(undefined, { cause: error })
}

/** Whether the peer is gone, rather than that we cannot write. Errors without a code come from no system call. */
function isPeersReset(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined
  return code === undefined || PEERS_RESETS.has(code)
}

const PEERS_RESETS: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ENOTCONN',
  'ETIMEDOUT',
])
