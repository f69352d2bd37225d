import type { ConnectionClosed } from '../errors.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { SecureWire, TLSContext, TLSSession, WireUnderTLS } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { WireEvents } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'

/** The events of the encrypted side of a connection, and of its handshake. */
export interface TLSLayerEvents extends WireEvents {
  /** The TLS handshake is complete. */
  handshakeCompleted(session: TLSSession): void
  /** The handshake took too long. A handshake that fails for another reason closes the wire with an error. */
  handshakeFailed(why: Error): void
}

/** TLS on one connection: the encrypted wire, and the handshake with its deadline. */
export class TLSLayer {
  /** The encrypted wire. The caller passes the events of the wire beneath to it. */
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

  /** The result of the handshake; undefined before its end. */
  get session(): TLSSession | undefined {
    return this.#session
  }

  /** Starts the handshake with the bytes received already, in order, and with the end of input if `ended`. */
  begin(received: readonly (Buffer | undefined)[], ended: boolean): void {
    this.#deadline.set(this.#deadlineMs)
    for (const data of received) if (data !== undefined && data.length > 0) this.wire.wireData(data)
    if (ended) this.wire.wireEnded()
  }
}

/** The outcome of the handshake of a new connection: one of the two is called, once. */
export interface TLSHandshakeEvents {
  /** The handshake is complete. The listener switches to the actual protocol, or closes the connection. */
  completed(transport: Transport, session: TLSSession): void
  /** The connection was lost before the handshake was complete. */
  failed(transport: Transport, reason: ConnectionClosed, protocol: TLSHandshakeProtocol): void
}

/** The first protocol of a connection that uses TLS from its first byte. It starts the handshake. */
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

  /**
   * Never called with data: none is delivered before the handshake is complete, and then another protocol is
   * current.
   */
  dataReceived(): void {}

  handshakeCompleted(session: TLSSession): void {
    if (this.#transport !== undefined) this.#events.completed(this.#transport, session)
  }

  /** Aborts the connection during the handshake. */
  abort(cause: unknown): void {
    this.#transport?.abortConnection(cause)
  }

  connectionLost(reason: ConnectionClosed): void {
    if (this.#transport !== undefined) this.#events.failed(this.#transport, reason, this)
  }
}
