import type { ConnectedWire, Wire, WireEvents } from '../interfaces/wire.ts'
import type { Check, CheckHarness } from './check.ts'

/** What the wire checks need to drive one kind of wire. */
export interface WireHarness extends CheckHarness {
  /** The capabilities of this kind of wire beyond carrying bytes. Without one, the checks that need it are left out. */
  readonly capabilities: ReadonlySet<WireCapability>
  /** Connects two ends to which nothing is attached yet. */
  readonly connect: () => Promise<WirePair>
  /**
   * Moves the clock of a wire that polls whether a peer that it does not read from is still there. Does nothing
   * for another wire.
   */
  readonly advance: (ms: number) => void
}

/**
 * Capabilities that not every kind of wire has:
 *
 * - `reset`: the peer of an abort can distinguish it from a FIN.
 * - `backpressure`: a peer that does not read makes the writer wait.
 * - `early end`: a FIN is noticed without reading.
 * - `late attach`: bytes can arrive before `attach`.
 */
export type WireCapability = 'reset' | 'backpressure' | 'early end' | 'late attach'

/** One end of a connection. */
export type WireEnd = Pick<ConnectedWire, 'wire' | 'attach'>

/** The two ends of one connection. */
export interface WirePair {
  readonly here: WireEnd
  readonly there: WireEnd
}

/** One check that every wire must pass. */
export type WireCheck = Check<WireHarness, WireCapability>

/** Records the events of a wire. */
export class WireRecorder implements WireEvents {
  /** The events in order, adjacent data as one: `data …`, `ended`, `writable`, `closed`, `broken`. */
  readonly events: string[] = []
  readonly pieces: Buffer[] = []
  /** Called for each piece, after it was recorded. */
  readonly onData: () => void

  constructor(onData: () => void = () => undefined) {
    this.onData = onData
  }

  /** All bytes received, as text. */
  get text(): string {
    return Buffer.concat(this.pieces).toString()
  }

  /** The number of bytes received. */
  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Whether the peer has ended. */
  get ended(): boolean {
    return this.events.includes('ended')
  }

  /** Whether the wire has closed. */
  get closed(): boolean {
    return this.events.includes('closed') || this.events.includes('broken')
  }

  /** How many times the wire reported that all its bytes were sent. */
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

/** Connects two ends and attaches a recorder to each; `seenHere` may be a recorder that also acts. */
export async function connectRecorded(
  harness: WireHarness,
  seenHere: WireRecorder = new WireRecorder(),
): Promise<RecordedPair> {
  const { here, there } = await harness.connect()
  here.attach(seenHere)
  return { here: here.wire, there: there.wire, seenHere, seenThere: attached(there) }
}

/** The same with `here` paused before the bytes `unread`. */
export async function connectUnread(harness: WireHarness): Promise<RecordedPair> {
  const pair = await connectRecorded(harness)
  pair.here.pause()
  pair.there.write(['unread'])
  return pair
}

/** Connects two ends; the bytes `early` have arrived `here`, to which nothing is attached. */
export async function connectEarly(harness: WireHarness): Promise<WirePair> {
  const pair = await harness.connect()
  attached(pair.there)
  pair.there.wire.write(['early'])
  await harness.quiet()
  return pair
}

/** Attaches a new recorder to `end` and returns it. */
export function attached(end: WireEnd): WireRecorder {
  const recorder = new WireRecorder()
  end.attach(recorder)
  return recorder
}
