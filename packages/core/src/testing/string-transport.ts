import { type Address, tcpAddress } from '../addresses.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Connection } from '../transport/connection.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { transportOptions } from '../transport/transport-options.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import type { Turn, TurnEnder } from '../transport/connection-registry.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'
import { MemoryReactor } from './memory-reactor.ts'

/** Options of a string transport. */
export interface StringTransportOptions {
  /** The reactor to which it belongs. Default: a new one. */
  readonly reactor?: MemoryReactor
  /** Default 192.168.1.1:54321. */
  readonly peerAddress?: Address
  /** Default 10.0.0.1:1234. */
  readonly hostAddress?: Address
  readonly options?: Partial<TransportOptions>
}

/**
 * A transport of which the test is the peer: `receive` delivers bytes to the protocol, `value` returns what it sent.
 */
export class StringTransport extends StreamTransport {
  readonly #wire: RecordingWire
  readonly #memoryReactor: MemoryReactor
  readonly #connection: Connection

  constructor(setup: StringTransportOptions = {}) {
    const reactor = setup.reactor ?? new MemoryReactor()
    const wire = new RecordingWire(reactor.registry.turn)
    super({
      registry: reactor.registry,
      wire,
      peerAddress: setup.peerAddress ?? tcpAddress('192.168.1.1', 54_321),
      localAddress: setup.hostAddress ?? tcpAddress('10.0.0.1', 1234),
      options: transportOptions(setup.options),
    })
    this.#wire = wire
    this.#memoryReactor = reactor
    this.#connection = StreamTransport.connectionOf(this)
    wire.attach(this.#connection)
  }

  /** Makes a transport and connects `protocol` to it. */
  static connect(protocol: ProtocolEvents, setup?: StringTransportOptions): StringTransport {
    const transport = new StringTransport(setup)
    transport.begin(protocol)
    transport.pump()
    return transport
  }

  /** Connects `protocol`. `policies` observe the connection, as those of a port do. */
  begin(protocol: ProtocolEvents, policies: readonly ConnectionPolicy[] = []): void {
    void this.#connection.begin(protocol, policies)
  }

  override get reactor(): MemoryReactor {
    return this.#memoryReactor
  }

  /** Whether the connection was aborted, by the protocol or after a fault. */
  get aborted(): boolean {
    return this.#connection.aborted
  }

  /** Whether the transport has sent its FIN. */
  get ended(): boolean {
    this.pump()
    return this.#wire.ended
  }

  /** Returns all bytes sent since the start or the last `clear`. */
  bytes(): Buffer {
    this.pump()
    return Buffer.concat(this.#wire.sent)
  }

  /** Returns all bytes sent since the start or the last `clear`, as text. */
  value(encoding: BufferEncoding = 'utf8'): string {
    return this.bytes().toString(encoding)
  }

  /** Discards the record of bytes sent. */
  clear(): void {
    this.pump()
    this.#wire.sent.length = 0
  }

  /** Receives bytes from the peer, as one piece. */
  receive(data: Uint8Array | string): void {
    if (data.length > 0 && this.connected) this.#connection.wireData(Buffer.from(data as string))
    this.pump()
  }

  /** Receives the peer's FIN. */
  receiveEnd(): void {
    this.#wire.peerEnded = true
    this.#connection.wireEnded()
    this.pump()
    if (this.#wire.ended && this.connected) this.#connection.wireClosed(undefined)
  }

  /** Receives a reset from the peer. */
  receiveReset(): void {
    this.#connection.wireClosed(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    this.pump()
  }

  /** The peer stops reading: writes are queued until `unblock`. */
  block(): void {
    this.#wire.blocked = true
  }

  /** The peer reads again. */
  unblock(): void {
    this.#wire.unblock()
    this.pump()
  }

  /** Drains the protocol, as a stop of the reactor does. */
  drain(): void {
    this.#connection.drain()
  }

  /** Ends turns until all written bytes are sent. */
  pump(): void {
    this.reactor.pump()
  }
}

/** Records what is written; reports its close when pumped, as a socket does in a later turn. */
class RecordingWire implements Wire, TurnEnder {
  readonly #turn: Turn
  readonly sent: Buffer[] = []
  ended = false
  peerEnded = false
  blocked = false
  #events: WireEvents | undefined
  #closing = false

  constructor(turn: Turn) {
    this.#turn = turn
  }

  attach(events: WireEvents): void {
    this.#events = events
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    this.sent.push(...parts.map((part) => Buffer.from(part as string)))
    return !this.blocked
  }

  end(): void {
    this.ended = true
    if (this.peerEnded) this.close()
  }

  abort(): void {
    this.close()
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#turn.schedule(this)
  }

  pause(): void {}

  resume(): void {}

  setNoDelay(): void {}

  setKeepAlive(): void {}

  unblock(): void {
    if (!this.blocked) return
    this.blocked = false
    this.#events?.wireWritable()
  }

  turnEnded(): void {
    this.#events?.wireClosed(undefined)
  }
}
