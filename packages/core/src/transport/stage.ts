import { ConnectionAborted, type ConnectionClosed, ConnectionDone, ConnectionLost } from '../errors.ts'

/** The state of a connection, with the data of that state. */
export type Stage =
  | { readonly is: 'connected' }
  | { readonly is: 'disconnecting' }
  | { readonly is: 'aborted'; readonly cause: unknown }
  | { readonly is: 'lost'; readonly reason: ConnectionClosed }

/** The connection is up. */
export const CONNECTED: Stage = { is: 'connected' }
/** `loseConnection` was called. */
export const DISCONNECTING: Stage = { is: 'disconnecting' }

/**
 * Returns the reason of the end for `connectionLost`.
 *
 * @param stage The state of the connection before its end.
 * @param finSent Whether all output and our FIN have left.
 * @param error The system's error, if the wire broke.
 */
export function reasonFor(stage: Stage, finSent: boolean, error: Error | undefined): ConnectionClosed {
  if (stage.is === 'aborted') {
    return new ConnectionAborted(undefined, stage.cause === undefined ? undefined : { cause: stage.cause })
  }
  // A reset by the peer after our FIN loses no data. Another error, such as a full disk, does.
  const done = error === undefined || (stage.is === 'disconnecting' && finSent && isPeersReset(error))
  return done ? new ConnectionDone() : new ConnectionLost(undefined, { cause: error })
}

/**
 * Whether the peer is gone, rather than a write failed. An error without a code does not come from a system
 * call.
 */
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
