import type { ConnectionContext, Reactor } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'

/** The services that a reactor provides to its transports. */
export interface ConnectionRegistry {
  readonly reactor: Reactor
  readonly turn: Turn
  /** The context in which callbacks run; undefined unless `keepContext` was called. */
  readonly context: ConnectionContext | undefined
  /**
   * Whether a stop is draining or aborting connections: no port can be opened, and factories cannot
   * reconnect.
   */
  readonly stopping: boolean
  /** Whether `maxConnections` of the reactor allows another connection. */
  readonly hasCapacity: boolean
  /** Whether `maxWaiting` of the reactor allows another connection that waits for admission. */
  readonly hasWaitingCapacity: boolean
  /** The number of connections that wait for admission, on all ports together, has changed by one. */
  waitingChanged(by: 1 | -1): void
  /** Calls `closed` whenever a connection has closed, until the returned function is called. */
  watchClosing(closed: () => void): () => void
  /** A connection is up. @returns the connection's id. */
  connectionOpened(connection: RegisteredConnection): number
  /** The connection is gone. Called after the protocol's `connectionLost`. */
  connectionClosed(connection: RegisteredConnection): void
  /** An attempt to connect runs until `attemptEnded`. A stop of the reactor cancels it. */
  attemptStarted(attempt: Attempting): void
  /** The connection is up, or the attempt has failed or was cancelled. */
  attemptEnded(attempt: Attempting): void
}

/** A connection, with the members that a reactor uses. */
export interface RegisteredConnection {
  readonly transport: Transport
  /** Its protocol, id and peer, as logs name it: `Echo 3 127.0.0.1:5000`. */
  readonly label: string
  /** Drains the current protocol and any that replaces it; a protocol without `drain` is closed at once. */
  drain(): void
  /** Drops what is queued and resets the connection. */
  abortConnection(): void
}

/** An attempt to connect, with the members that a reactor uses to stop. */
export interface Attempting {
  /** Its name in the report of a stop; undefined for an attempt to connect, which is not reported. */
  readonly label?: string | undefined
  /** Cancels the attempt. */
  stopConnecting(): void
}

/** A listener for the end of a turn. */
export interface TurnEnder {
  /** The turn in which the listener was scheduled is over. */
  turnEnded(): void
}

/**
 * The end of a reactor's turn, when everything written in the turn is sent.
 *
 * A turn is one iteration of the event loop with its promise jobs. All writes of one iteration, also those
 * after an `await`, are sent in one system call for each connection.
 */
export class Turn {
  readonly #arm: () => void
  #waiting: TurnEnder[] = []

  /** @param arm Schedules one call of `end` for when the turn is over. */
  constructor(arm: () => void) {
    this.#arm = arm
  }

  /** Calls `ender.turnEnded()` at the end of this turn, once for each call of `schedule`. */
  schedule(ender: TurnEnder): void {
    if (this.#waiting.push(ender) === 1) this.#arm()
  }

  /**
   * Ends the turn. A listener that is scheduled meanwhile belongs to the next turn. All listeners are called
   * even if one throws; then the first error is thrown.
   */
  end(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const failures: unknown[] = []
    for (const ender of waiting) {
      try {
        ender.turnEnded()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
