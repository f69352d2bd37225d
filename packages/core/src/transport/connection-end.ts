import { ConnectionAborted, type ConnectionClosed, ConnectionDone, ConnectionLost } from '../errors.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Wire } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'

/** The state of a connection, with the data of that state. */
export type Stage =
  | { readonly is: 'connected' }
  | { readonly is: 'disconnecting' }
  | { readonly is: 'lingering'; readonly linger: Linger }
  | { readonly is: 'aborted'; readonly cause: unknown }
  | { readonly is: 'lost'; readonly reason: ConnectionClosed }

/** The connection is up. */
export const CONNECTED: Stage = { is: 'connected' }
/** `loseConnection` was called; output is still queued. */
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
  const closing = stage.is === 'disconnecting' || stage.is === 'lingering'
  const done = error === undefined || (closing && finSent && isPeersReset(error))
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

/**
 * The lingering close: waits for the peer's FIN after ours, for a bounded time. If a socket is closed with
 * unread bytes, the system sends a reset, and the peer may lose the last bytes we sent.
 *
 * A peer in the middle of an upload is read to its end, if it keeps sending at `minBytesPerSecond` and
 * finishes within `lingerTotalMs`. A peer that sends slower is closed as if it sent nothing.
 */
export class Linger {
  readonly #options: TransportOptions
  readonly #time: ReactorTime
  readonly #deadline: Deadline
  readonly #sinceMs: number
  #droppedBytes = 0

  constructor(wire: Wire, options: TransportOptions, time: ReactorTime) {
    this.#options = options
    this.#time = time
    this.#deadline = new Deadline(time, () => wire.close())
    this.#sinceMs = time.deadlines.now()
    this.#deadline.set(Math.min(options.lingerMs, options.lingerTotalMs))
  }

  /** Bytes were received, and are dropped. */
  received(data: Buffer): void {
    this.#droppedBytes += data.length
    if (!this.#deadline.ahead) return
    const { lingerMs, lingerTotalMs, minBytesPerSecond } = this.#options
    const passedMs = this.#time.deadlines.now() - this.#sinceMs
    const earnedMs = lingerMs + (this.#droppedBytes / minBytesPerSecond) * 1000
    this.#deadline.set(Math.max(0, Math.min(passedMs + lingerMs, earnedMs, lingerTotalMs) - passedMs))
  }

  /** The wire has closed. */
  over(): void {
    this.#deadline.clear()
  }
}

/**
 * Returns whether `error` stems from the end of the connection, and so is not a fault of the code that failed
 * with it. This is true for `reason` itself, for an error with a chain of causes that leads to it (such as
 * the AbortError with which `events.once` and `timers/promises` reject when `transport.signal` aborts), and
 * for an AggregateError of only such errors.
 *
 * @param reason What `connectionLost` was called with; undefined while the connection is up.
 *
 * @example
 * ```ts
 * import { isConnectionEnd } from '@ropewalk/core'
 *
 * const reason = new Error('the connection is lost')
 * console.log(isConnectionEnd(new Error('cannot read', { cause: reason }), reason))
 * console.log(isConnectionEnd(new TypeError('no such method'), reason))
 * ```
 *
 * ```text
 * true
 * false
 * ```
 */
export function isConnectionEnd(error: unknown, reason: unknown): boolean {
  if (reason === undefined) return false
  return leadsTo(reason, error, MAX_CAUSES)
}

function leadsTo(reason: unknown, error: unknown, depth: number): boolean {
  if (error === reason) return true
  if (depth === 0 || !(error instanceof Error)) return false
  if (leadsTo(reason, error.cause, depth - 1)) return true
  if (!(error instanceof AggregateError) || error.errors.length === 0) return false
  return error.errors.every((one) => leadsTo(reason, one, depth - 1))
}

const PEERS_RESETS: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ENOTCONN',
  'ETIMEDOUT',
])
// Bounded, because a chain of causes can lead back to itself.
const MAX_CAUSES = 16
