import type { ConnectionContext, Reactor } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'

/** The reactor a transport lives in: counts it, and tells it when the turn is over. */
export interface ConnectionRegistry {
  readonly reactor: Reactor
  readonly turn: Turn
  /** Where callbacks run, if anybody asked. */
  readonly context: ConnectionContext | undefined
  /** Whether a stop has come so far that nothing new should be kept alive. */
  readonly stopping: boolean
  /** Whether another connection can be held without running out of descriptors. */
  readonly hasCapacity: boolean
  /** Whether another connection can wait without running out of descriptors. */
  readonly hasWaitingCapacity: boolean
  /** One connection more, or less, waits to be let in. */
  waitingChanged(by: 1 | -1): void
  /** Calls `closed` whenever a connection has gone, until what is returned is called. */
  watchClosing(closed: () => void): () => void
  /** @returns the connection's id. */
  connectionOpened(transport: RegisteredTransport): number
  /** The connection is gone, and its protocol knows. */
  connectionClosed(transport: RegisteredTransport): void
  /** A connection is being made, until `attemptEnded`. */
  attemptStarted(attempt: Attempting): void
  /** The connection is up, or the attempt was given up. */
  attemptEnded(attempt: Attempting): void
}

/** A transport as the reactor sees it that stops. */
export interface RegisteredTransport extends Transport {
  /** Its protocol, id and peer, as logs name it: `Echo 3 127.0.0.1:5000`. */
  readonly label: string
  /** The protocol, and any that replaces it, finishes what it is at or is closed now. */
  drain(): void
}

/** A connection in the making, as a reactor that stops sees it. */
export interface Attempting {
  /** How logs name it, where a stop reports it; undefined for a connection in the making. */
  readonly label?: string | undefined
  /** Gives the attempt up. */
  stopConnecting(): void
}

/** Something that acts once at the end of the turn in which it was asked to. */
export interface TurnEnder {
  /** The turn is over: act. */
  turnEnded(): void
}

/**
 * The end of a reactor's turn, when everything the turn wrote leaves together.
 *
 * A turn is one iteration of the event loop with its microtasks: what several callbacks of one
 * iteration wrote, also after an `await`, goes out in one system call for each connection.
 */
export class Turn {
  readonly #arm: () => void
  #waiting: TurnEnder[] = []

  /** @param arm Arranges for one call of `end` when the turn is over. */
  constructor(arm: () => void) {
    this.#arm = arm
  }

  /** Calls `ender.turnEnded()` at the end of this turn. The caller sees to it that it asks once. */
  schedule(ender: TurnEnder): void {
    if (this.#waiting.push(ender) === 1) this.#arm()
  }

  /** Ends the turn. What is scheduled meanwhile belongs to the next. One that fails keeps no other from its end. */
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
