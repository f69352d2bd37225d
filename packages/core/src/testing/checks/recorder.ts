import type { HalfCloseable, Replaceable } from '../../interfaces/protocol-events.ts'
import type { Transport } from '../../interfaces/transport.ts'
import type { ConnectionClosed } from '../../errors.ts'
import { Protocol } from '../../protocol/protocol.ts'

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
