import type { LogEvent } from '../interfaces/log.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { Recorder } from './checks/recorder.ts'

/** One kind of connection, as the transport checks drive it. */
export interface TransportHarness {
  /** What this kind can do and show beyond carrying bytes. */
  readonly capabilities: ReadonlySet<TransportCapability>
  /** What its reactor has logged, oldest first. */
  readonly logged: readonly LogEvent[]
  /** Connects two protocols; resolves when both have their transport. */
  readonly connect: (server: Recorder, client: Recorder) => Promise<TransportPair>
  /**
   * Lets things happen until `condition` holds.
   *
   * @throws {Error} (rejects) when it does not within a bound.
   */
  readonly until: (condition: () => boolean) => Promise<void>
  /** Lets everything happen that is under way. */
  readonly quiet: () => Promise<void>
  /** Moves time; asked for only with the capability `virtual time`. */
  readonly advance: (ms: number) => void
  /** Ends what is up, and resolves with what is left all the same: see `leftovers`. Not every kind can know. */
  readonly leftovers?: () => Promise<readonly string[]>
}

/**
 * What not every kind of connection has:
 *
 * - `reset`: the peer of an abort can tell it from a clean close.
 * - `backpressure`: a peer that does not read makes us wait.
 * - `virtual time`: deadlines can be reached by `advance`.
 */
export type TransportCapability = 'reset' | 'backpressure' | 'virtual time'

/** The two ends of one connection. */
export interface TransportPair {
  readonly server: Transport
  readonly client: Transport
}

/** One promise that every transport keeps. */
export interface TransportCheck {
  /** A sentence about behaviour. */
  readonly name: string
  /** Without these the promise cannot be observed. Default none. */
  readonly needs?: readonly TransportCapability[]
  /** @throws {CheckFailed} (rejects) when the transport breaks the promise. */
  run(harness: TransportHarness): Promise<void>
}
