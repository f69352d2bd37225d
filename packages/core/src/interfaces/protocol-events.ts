import type { Address } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { ConnectionPolicy } from './policy.ts'
import type { TLSSession } from './tls.ts'
import type { Transport } from './transport.ts'

/**
 * What a transport calls on its current protocol, in this order: `makeConnection` once, `dataReceived` any
 * number of times, then either `connectionLost` or `protocolReplaced`, once.
 *
 * A callback may return anything; only a promise (a thenable) is awaited. A throw, or a promise that rejects,
 * is logged and aborts this connection alone. While a promise that `makeConnection` or `dataReceived` returned
 * is pending, nothing more is delivered.
 */
export interface ProtocolEvents
  extends Partial<HalfCloseable>, Partial<Drainable>, Partial<Replaceable>, Partial<Securable> {
  /** The connection is up; the protocol keeps `transport` for good, or until `protocolReplaced`. */
  makeConnection(transport: Transport): unknown
  /** Some bytes came, never none. They are the protocol's to keep. Where they were cut means nothing. */
  dataReceived(data: Buffer): unknown
  /** The connection is gone. The last call. */
  connectionLost(reason: ConnectionClosed): unknown
  /** Returns the bytes that it was given and has not parsed, because they are not for it: `startTLS` asks. */
  takeUnread?(): Buffer
}

/**
 * A protocol that goes on when one direction is closed. Declare it with `implements`, so that a misspelt callback
 * does not compile.
 */
export interface HalfCloseable {
  /** The peer will send no more, but may still read. Without this method the transport flushes and closes. */
  readConnectionLost(): unknown
  /** Our own `loseWriteConnection` has been carried out. `Protocol` has an empty one. */
  writeConnectionLost(): unknown
}

/** A protocol that has something to finish when the reactor stops. Declare it with `implements`. */
export interface Drainable {
  /**
   * The reactor is stopping: finish the exchange under way. The transport flushes and closes once the promise
   * that this returns has settled, at the deadline of the stop at the latest. Without a promise, or without
   * this method, it does so at once: a protocol that closes by itself later returns a promise until then.
   */
  drain(): unknown
}

/** A protocol with something to do when another takes its connection over. Declare it with `implements`. */
export interface Replaceable {
  /** Another protocol reads this connection from now on. The last call. */
  protocolReplaced(): unknown
}

/** A protocol that starts TLS in the middle of a connection. Declare it with `implements`. */
export interface Securable {
  /**
   * The handshake that `startTLS` began is complete: what comes and goes from now on is protected. Not called if
   * the connection was closed meanwhile. While a promise that it returned is pending, nothing is delivered.
   */
  handshakeCompleted(session: TLSSession): unknown
}

/** What a port or a connector asks for a protocol when a connection is up. */
export interface ProtocolFactory<P extends ProtocolEvents = ProtocolEvents> {
  /** A port or connector begins to use this factory. A promise is not awaited; what it rejects with is logged. */
  doStart(): unknown
  /** A port or connector has stopped using it. */
  doStop(): unknown
  /** Rules over the connections of this factory, wherever it is used. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /** The application protocols it can build for (ALPN), best first; TLS offers them unless told others. */
  readonly acceptableProtocols?: readonly string[] | undefined
  /** Returns the protocol for one connection, or undefined to refuse it. `session` is there where TLS is. */
  buildProtocol(peer: Address, session?: TLSSession): P | undefined
  /** A client connection is being made. */
  startedConnecting?(connector: Connector): unknown
  /** A client connection could not be made. `connector.connect()` tries again. */
  clientConnectionFailed?(connector: Connector, reason: Error): unknown
  /** A client connection was made and is gone. `connector.connect()` makes another. */
  clientConnectionLost?(connector: Connector, reason: ConnectionClosed): unknown
}

/** One client connection in the making, and the means to make it again. */
export interface Connector<P extends ProtocolEvents = ProtocolEvents> {
  readonly state: 'disconnected' | 'connecting' | 'connected'
  /** Where it connects to: the address as it was asked for. */
  getDestination(): Address
  /** Tries (again). Does nothing unless disconnected; nor, from a factory's callback, while the reactor stops. */
  connect(): void
  /** Closes the connection, or gives the attempt up. */
  disconnect(): void
  /**
   * Gives the attempt up: `clientConnectionFailed` gets a ConnectingCancelledError.
   *
   * @throws {NotConnectingError} unless connecting.
   */
  stopConnecting(): void
  /**
   * The protocol of the attempt that is running or has run, once its `connectionMade` has returned.
   * Rejects with a ConnectError, or the reason for which a connection that was up is gone.
   */
  whenConnected(): Promise<P>
}
