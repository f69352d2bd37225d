import type { ConnectedWire } from '../interfaces/wire.ts'

/** One kind of wire, as the wire checks drive it. */
export interface WireHarness {
  /** What this kind can do and show beyond carrying bytes. */
  readonly capabilities: ReadonlySet<WireCapability>
  /** Connects two ends to which nothing is attached yet. */
  readonly connect: () => Promise<WirePair>
  /**
   * Lets things happen until `condition` holds.
   *
   * @throws {Error} (rejects) when it does not within a bound.
   */
  readonly until: (condition: () => boolean) => Promise<void>
  /** Lets everything happen that is under way. */
  readonly quiet: () => Promise<void>
  /** Moves the time by which a wire looks after a peer that it does not read from. */
  readonly advance: (ms: number) => void
}

/**
 * What not every kind of wire has:
 *
 * - `reset`: the peer of an abort sees something else than an end.
 * - `backpressure`: a peer that does not read makes us wait.
 * - `early end`: an end is noticed without reading.
 * - `late attach`: what comes before `attach` can be observed.
 */
export type WireCapability = 'reset' | 'backpressure' | 'early end' | 'late attach'

/** One end of a connection. */
export type WireEnd = Pick<ConnectedWire, 'wire' | 'attach'>

/** The two ends of one connection. */
export interface WirePair {
  readonly here: WireEnd
  readonly there: WireEnd
}

/** One promise that every wire keeps. */
export interface WireCheck {
  /** A sentence about behaviour. */
  readonly name: string
  /** Without these the promise cannot be observed. Default none. */
  readonly needs?: readonly WireCapability[]
  /** @throws {CheckFailed} (rejects) when the wire breaks the promise. */
  run(harness: WireHarness): Promise<void>
}
