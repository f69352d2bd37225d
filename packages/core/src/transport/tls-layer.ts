import type { ConnectionClosed } from '../errors.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { SecureWire, TLSContext, TLSSession, WireUnderTLS } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { WireEvents } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'

/** Who hears of the protected side of a connection, and of its handshake. */
export interface TLSLayerEvents extends WireEvents {
  handshakeCompleted(session: TLSSession): void
  /** It took too long. One that fails otherwise closes the wire with an error. */
  handshakeFailed(why: Error): void
}

/** TLS on one connection: the protected wire, and the handshake with its deadline. */
export class TLSLayer {
  /** What is written and read here is protected. The events of the wire under it go here too. */
  readonly wire: SecureWire
  readonly #deadline: Deadline
  readonly #deadlineMs: number
  #session: TLSSession | undefined

  constructor(context: TLSContext, under: WireUnderTLS, time: ReactorTime, events: TLSLayerEvents) {
    this.#deadlineMs = context.handshakeTimeoutMs
    this.#deadline = new Deadline(time, () =>
      events.handshakeFailed(new Error(`Cannot finish the TLS handshake within ${this.#deadlineMs} ms`)),
    )
    this.wire = context.secure(under, {
      wireData: (data) => events.wireData(data),
      wireEnded: () => events.wireEnded(),
      wireWritable: () => events.wireWritable(),
      wireClosed: (error) => {
        this.#deadline.clear()
        events.wireClosed(error)
      },
      wireSecured: (session) => {
        this.#deadline.clear()
        this.#session = session
        events.handshakeCompleted(session)
      },
    })
  }

  /** What the handshake has settled; undefined before its end. */
  get session(): TLSSession | undefined {
    return this.#session
  }

  /** Begins with what has come already, in order, and with the peer's end if that has come too. */
  begin(received: readonly (Buffer | undefined)[], ended: boolean): void {
    this.#deadline.set(this.#deadlineMs)
    for (const data of received) if (data !== undefined && data.length > 0) this.wire.wireData(data)
    if (ended) this.wire.wireEnded()
  }
}

/** Who hears how the handshake of a new connection went: one of the two, once. */
export interface TLSHandshakeEvents {
  /** The connection is protected. Switch to the protocol it is for, or close it. */
  opened(transport: Transport, session: TLSSession): void
  /** The connection is gone before it was protected. */
  failed(transport: Transport, reason: ConnectionClosed, opening: TLSHandshakeProtocol): void
}

/** The first protocol of a connection that has TLS from its first byte: it makes the handshake. */
export class TLSHandshakeProtocol implements ProtocolEvents {
  readonly #context: TLSContext
  readonly #events: TLSHandshakeEvents
  #transport: Transport | undefined

  constructor(context: TLSContext, events: TLSHandshakeEvents) {
    this.#context = context
    this.#events = events
  }

  makeConnection(transport: Transport): void {
    this.#transport = transport
    transport.startTLS(this.#context)
  }

  /** Nothing is delivered before the handshake is done, and then another protocol is there. */
  dataReceived(): void {}

  handshakeCompleted(session: TLSSession): void {
    if (this.#transport !== undefined) this.#events.opened(this.#transport, session)
  }

  /** Gives the handshake up. */
  abort(cause: unknown): void {
    this.#transport?.abortConnection(cause)
  }

  connectionLost(reason: ConnectionClosed): void {
    if (this.#transport !== undefined) this.#events.failed(this.#transport, reason, this)
  }
}
