import type { Address } from './address.ts'
import type { ProtocolEvents } from './protocol-events.ts'

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
