import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { TLSContext, TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'

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
