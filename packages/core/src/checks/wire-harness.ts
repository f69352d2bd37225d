import type { ConnectedWire, Wire, WireEvents } from '../interfaces/wire.ts'

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

/** Notes what a wire notifies it of. */
export class WireRecorder implements WireEvents {
  /** The events in order, adjacent data as one: `data …`, `ended`, `writable`, `closed`, `broken`. */
  readonly events: string[] = []
  readonly pieces: Buffer[] = []
  /** Called for each piece, after it was noted. */
  readonly onData: () => void

  constructor(onData: () => void = () => undefined) {
    this.onData = onData
  }

  /** All that came, as text. */
  get text(): string {
    return Buffer.concat(this.pieces).toString()
  }

  /** How many bytes came. */
  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Whether the peer has ended. */
  get ended(): boolean {
    return this.events.includes('ended')
  }

  /** Whether the wire is gone. */
  get closed(): boolean {
    return this.events.includes('closed') || this.events.includes('broken')
  }

  /** How often all that was handed over has left. */
  get timesWritable(): number {
    return this.events.filter((event) => event === 'writable').length
  }

  wireData(data: Buffer): void {
    this.pieces.push(data)
    if (this.events.at(-1) !== 'data') this.events.push('data')
    this.onData()
  }

  wireEnded(): void {
    this.events.push('ended')
  }

  wireWritable(): void {
    this.events.push('writable')
  }

  wireClosed(error: Error | undefined): void {
    this.events.push(error === undefined ? 'closed' : 'broken')
  }
}

/** Two ends, each with a recorder. */
export interface RecordedPair {
  readonly here: Wire
  readonly there: Wire
  readonly seenHere: WireRecorder
  readonly seenThere: WireRecorder
}

/** Connects two ends and attaches a recorder to both; `seenHere` is one that does more than note. */
export async function connectRecorded(
  harness: WireHarness,
  seenHere: WireRecorder = new WireRecorder(),
): Promise<RecordedPair> {
  const { here, there } = await harness.connect()
  here.attach(seenHere)
  return { here: here.wire, there: there.wire, seenHere, seenThere: attached(there) }
}

/** The recorder that is now attached to `end`. */
export function attached(end: WireEnd): WireRecorder {
  const recorder = new WireRecorder()
  end.attach(recorder)
  return recorder
}
