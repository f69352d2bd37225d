import type { ConnectionClosed } from '../errors.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { HalfCloseable, Replaceable } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { Protocol } from '../protocol/protocol.ts'
import type { Check, CheckHarness } from './check.ts'

/** What the transport checks need to drive one kind of connection. */
export interface TransportHarness extends CheckHarness {
  /** The capabilities of this kind of connection beyond carrying bytes. Without one, the checks that need it are left out. */
  readonly capabilities: ReadonlySet<TransportCapability>
  /** The events that its reactor has logged, oldest first. */
  readonly logged: readonly LogEvent[]
  /** Connects two protocols; resolves when `makeConnection` of both was called. */
  readonly connect: (server: Recorder, client: Recorder) => Promise<TransportPair>
  /** Moves time; called only with the capability `virtual time`. */
  readonly advance: (ms: number) => void
  /** Aborts all connections, and resolves with the `leftovers`; undefined when the harness cannot know them. */
  readonly leftovers?: () => Promise<readonly string[]>
}

/**
 * Capabilities that not every kind of connection has:
 *
 * - `reset`: the peer of an abort can distinguish it from a clean close.
 * - `backpressure`: a peer that does not read makes the writer wait.
 * - `virtual time`: deadlines can be reached by `advance`.
 */
export type TransportCapability = 'reset' | 'backpressure' | 'virtual time'

/** The two ends of one connection. */
export interface TransportPair {
  readonly server: Transport
  readonly client: Transport
}

/** One check that every transport must pass. */
export type TransportCheck = Check<TransportHarness, TransportCapability>

/** A protocol that records its callbacks. */
export class Recorder extends Protocol implements Replaceable {
  /** The callbacks in order: `made`, `data …`, `replaced`, `lost …`. */
  readonly events: string[] = []
  readonly pieces: Buffer[] = []
  readonly losses: ConnectionClosed[] = []

  /** All bytes received, as text. */
  get text(): string {
    return Buffer.concat(this.pieces).toString('latin1')
  }

  /** The number of bytes received. */
  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Why the connection ended, if it has. */
  get reason(): ConnectionClosed | undefined {
    return this.losses[0]
  }

  /** Whether `makeConnection` was called. */
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

  /** Records that another protocol has the connection now. */
  protocolReplaced(): void {
    this.events.push('replaced')
  }
}

/** A recorder that stays connected when only one direction has ended. */
export class HalfCloseRecorder extends Recorder implements HalfCloseable {
  /** Records the peer's FIN. */
  readConnectionLost(): void | Promise<void> {
    this.events.push('read lost')
  }

  /** Records our own FIN. */
  override writeConnectionLost(): void | Promise<void> {
    this.events.push('write lost')
  }
}

/** Sends received bytes back. */
export class Echo extends Recorder {
  override dataReceived(data: Buffer): void {
    this.pieces.push(data)
    this.transport.write(data)
  }
}
