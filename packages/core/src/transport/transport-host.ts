import type { Reactor } from '../contracts/reactor.ts'
import type { Transport } from '../contracts/transport.ts'
import type { Turn } from './turn.ts'

/** The reactor a transport lives in: counts it, and tells it when the turn is over. */
export interface TransportHost {
  readonly reactor: Reactor
  readonly turn: Turn
  /** Whether a stop has come so far that nothing new should be kept alive. */
  readonly stopping: boolean
  /** @returns the connection's id. */
  connectionOpened(transport: HostedTransport): number
  /** The connection is gone, and its protocol knows. */
  connectionClosed(transport: HostedTransport): void
  /** A connection is being made, until `attemptEnded`. */
  attemptStarted(attempt: Attempting): void
  /** The connection is up, or the attempt was given up. */
  attemptEnded(attempt: Attempting): void
}

/** A transport as the reactor sees it that stops. */
export interface HostedTransport extends Transport {
  /** The protocol, and any that replaces it, finishes what it is at or is closed now. */
  drain(): void
}

/** A connection in the making, as a reactor that stops sees it. */
export interface Attempting {
  /** Gives the attempt up. */
  stopConnecting(): void
}
