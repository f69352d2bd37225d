import type { ConnectionClosed } from '../errors.ts'
import type { Address } from './address.ts'
import type { Connector } from './connector.ts'
import type { ConnectionPolicy } from './policy.ts'
import type { TLSSession } from './tls.ts'
import type { Transport } from './transport.ts'

/**
 * What a transport tells whoever reads it, in this order: `makeConnection` once, `dataReceived` any
 * number of times, then either `connectionLost` or `protocolReplaced`, once.
 *
 * A throw, or a promise that rejects, is logged and aborts this connection alone. While a promise
 * that `makeConnection` or `dataReceived` returned is pending, nothing more is delivered.
 */
export interface ProtocolEvents {
  /** The connection is up; `transport` is its for good, or until `protocolReplaced`. */
  makeConnection(transport: Transport): void | Promise<void>
  /** Some bytes came, never none. They are the protocol's to keep. Where they were cut means nothing. */
  dataReceived(data: Buffer): void | Promise<void>
  /** The connection is gone. The last call. */
  connectionLost(reason: ConnectionClosed): void | Promise<void>
  /** Another protocol reads this connection from now on. The last call. */
  protocolReplaced?(): void
  /** The peer will send no more, but may still read. Without this method the transport flushes and closes. */
  readConnectionLost?(): void | Promise<void>
  /**
   * The handshake that `startTLS` began is done: what comes and goes from now on is protected. Not told to who has
   * closed meanwhile.
   */
  handshakeCompleted?(session: TLSSession): void | Promise<void>
  /** Hands out what it was given and has not parsed, because it is not for it: `startTLS` asks. */
  takeUnread?(): Buffer
  /** Our own `loseWriteConnection` has been carried out. */
  writeConnectionLost?(): void | Promise<void>
  /**
   * The reactor is stopping: finish the exchange under way. The transport flushes and closes once the promise
   * that this returns has settled, at the deadline of the stop at the latest. Without a promise, or without
   * this method, it does so at once: a protocol that closes by itself later returns a promise until then.
   */
  drain?(): void | Promise<void>
}

/** What a port or a connector asks for a protocol when a connection is up. */
export interface ProtocolFactory<P extends ProtocolEvents = ProtocolEvents> {
  /** A port or connector begins to use this factory. Nobody waits for a promise; what it rejects with is logged. */
  doStart(): void | Promise<void>
  /** A port or connector has stopped using it. */
  doStop(): void | Promise<void>
  /** Rules over the connections of this factory, wherever it is used. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /** The application protocols it can build for (ALPN), best first; TLS offers them unless told others. */
  readonly acceptableProtocols?: readonly string[] | undefined
  /** Answers the protocol for one connection, or undefined to refuse it. `session` is there where TLS is. */
  buildProtocol(peer: Address, session?: TLSSession): P | undefined
  /** A client connection is being made. */
  startedConnecting?(connector: Connector): void
  /** A client connection could not be made. `connector.connect()` tries again. */
  clientConnectionFailed?(connector: Connector, reason: Error): void
  /** A client connection was made and is gone. `connector.connect()` makes another. */
  clientConnectionLost?(connector: Connector, reason: ConnectionClosed): void
}
