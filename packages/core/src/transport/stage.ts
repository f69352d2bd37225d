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
 * @param saidGoodbye Whether all that was written has left, and our end behind it.
 * @param error The system's, if the wire broke.
 */
export function reasonFor(stage: Stage, saidGoodbye: boolean, error: Error | undefined): ConnectionClosed {
  if (stage.is === 'aborted') {
    return new ConnectionAborted(undefined, stage.cause === undefined ? undefined : { cause: stage.cause })
  }
  // Who resets a connection after both have said goodbye takes nothing from it.
  const done = error === undefined || (stage.is === 'disconnecting' && saidGoodbye)
  return done ? new ConnectionDone() : new ConnectionLost(undefined, { cause: error })
}
