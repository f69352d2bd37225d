import type { ConnectionClosed } from '../errors.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { HalfCloseable, Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { Protocol } from '../protocol/protocol.ts'

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

/** A protocol that notes what it is told. */
export class Recorder extends Protocol implements Replaceable {
  /** The callbacks in order: `made`, `data …`, `replaced`, `lost …`. */
  readonly events: string[] = []
  readonly pieces: Buffer[] = []
  readonly losses: ConnectionClosed[] = []

  /** All that came, as text. */
  get text(): string {
    return Buffer.concat(this.pieces).toString('latin1')
  }

  /** How many bytes came. */
  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Why the connection ended, if it has. */
  get reason(): ConnectionClosed | undefined {
    return this.losses[0]
  }

  /** Whether it has its transport. */
  get made(): boolean {
    return this.events.length > 0
  }

  /** Whether the connection has ended. */
  get lost(): boolean {
    return this.losses.length > 0
  }

  override makeConnection(transport: Transport): unknown {
    this.events.push('made')
    return super.makeConnection(transport)
  }

  override dataReceived(data: Buffer): void | Promise<void> {
    this.pieces.push(data)
    this.events.push(`data ${data.toString('latin1', 0, 40)}`)
  }

  override connectionLost(reason: ConnectionClosed): void | Promise<void> {
    this.losses.push(reason)
    this.events.push(`lost ${reason.name}`)
  }

  /** Notes that another protocol has the connection now. */
  protocolReplaced(): void {
    this.events.push('replaced')
  }
}

/** A recorder that goes on when only one direction has ended. */
export class HalfCloseRecorder extends Recorder implements HalfCloseable {
  /** Notes the peer's end. */
  readConnectionLost(): void | Promise<void> {
    this.events.push('read lost')
  }

  /** Notes our own end. */
  override writeConnectionLost(): void | Promise<void> {
    this.events.push('write lost')
  }
}

/** Sends back what comes. */
export class Echo extends Recorder {
  override dataReceived(data: Buffer): void {
    this.pieces.push(data)
    this.transport.write(data)
  }
}
