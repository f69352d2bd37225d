import type { Address } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { ConnectionPolicy } from './policy.ts'
import type { TLSSession } from './tls.ts'
import type { Transport } from './transport.ts'

/**
 * The callbacks that a transport calls on its current protocol, in this order: `makeConnection` once,
 * `dataReceived` any number of times, then either `connectionLost` or `protocolReplaced` once.
 *
 * A callback may return anything; only a promise (a thenable) is awaited. What a callback throws or rejects
 * with is logged and aborts this connection alone. While a promise that `makeConnection` or `dataReceived`
 * returned is pending, nothing more is delivered.
 */
export interface ProtocolEvents
  extends Partial<HalfCloseable>, Partial<Drainable>, Partial<Replaceable>, Partial<Securable> {
  /** The connection is up. The protocol may use `transport` until `protocolReplaced`, otherwise for good. */
  makeConnection(transport: Transport): unknown
  /** At least one byte was received. The protocol may keep `data`. Chunk boundaries have no meaning. */
  dataReceived(data: Buffer): unknown
  /** The connection is gone. The last call. */
  connectionLost(reason: ConnectionClosed): unknown
  /**
   * Returns the bytes that it received but did not parse. `startTLS` calls this: they belong to the
   * handshake.
   */
  takeUnread?(): Buffer
}

/**
 * A protocol that continues when one direction is closed. Declare it with `implements`, so that a misspelt
 * callback does not compile.
 */
export interface HalfCloseable {
  /** The peer will send no more, but may still read. Without this method the transport flushes and closes. */
  readConnectionLost(): unknown
  /** Our `loseWriteConnection` is complete: the FIN was sent. `Protocol` has an empty method. */
  writeConnectionLost(): unknown
}

/** A protocol that has something to finish when the reactor stops. Declare it with `implements`. */
export interface Drainable {
  /**
   * The reactor is stopping: finish the current exchange. The transport flushes and closes when the promise
   * that this method returns has settled, at the latest at the deadline of the stop. It does so at once
   * without a promise, or without this method. A protocol that closes the connection itself later returns a
   * promise that is pending until then.
   */
  drain(): unknown
}

/** A protocol that is notified when another protocol replaces it. Declare it with `implements`. */
export interface Replaceable {
  /** Another protocol is current on this connection from now on. The last call. */
  protocolReplaced(): unknown
}

/** A protocol that starts TLS in the middle of a connection. Declare it with `implements`. */
export interface Securable {
  /**
   * The TLS handshake is complete. Not called if the connection was closed in the meantime. While a promise
   * that this method returned is pending, nothing is delivered.
   */
  handshakeCompleted(session: TLSSession): unknown
}

/** Builds the protocols for the connections of a port or a connector. */
export interface ProtocolFactory<P extends ProtocolEvents = ProtocolEvents> {
  /**
   * A port or connector starts to use this factory. A promise is not awaited, but its rejection is logged.
   */
  doStart(): unknown
  /** A port or connector has stopped using it. */
  doStop(): unknown
  /** Policies of the connections of this factory, wherever it is used. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /**
   * The application protocols it can build for (ALPN), best first. TLS offers them unless its options name
   * others.
   */
  readonly acceptableProtocols?: readonly string[] | undefined
  /**
   * Returns the protocol for one connection, or undefined to refuse it. `session` is given for a TLS
   * connection.
   */
  buildProtocol(peer: Address, session?: TLSSession): P | undefined
  /** A connector has started an attempt to connect. */
  startedConnecting?(connector: Connector): unknown
  /** The attempt to connect failed. `connector.connect()` tries again. */
  clientConnectionFailed?(connector: Connector, reason: Error): unknown
  /** A client connection that was up is gone. `connector.connect()` makes another. */
  clientConnectionLost?(connector: Connector, reason: ConnectionClosed): unknown
}

/** Makes one client connection, and can make it again. */
export interface Connector<P extends ProtocolEvents = ProtocolEvents> {
  readonly state: 'disconnected' | 'connecting' | 'connected'
  /** The address to connect to, as the caller gave it. */
  getDestination(): Address
  /**
   * Starts an attempt. Does nothing unless disconnected, or when a factory calls it while the reactor stops.
   */
  connect(): void
  /** Closes the connection, or cancels the attempt. */
  disconnect(): void
  /**
   * Cancels the attempt: `clientConnectionFailed` gets a ConnectingCancelledError.
   *
   * @throws {NotConnectingError} unless connecting.
   */
  stopConnecting(): void
  /**
   * Resolves with the protocol of the current or last attempt, once its `connectionMade` has returned and the
   * promise it returned, if any, has settled. Rejects with a ConnectError, or with the reason why an
   * established connection is gone.
   */
  whenConnected(): Promise<P>
}
