import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { type ConnectionClosed, LocalProtocolError, NotConnectedError } from '../errors.ts'
import type { Factory } from './factory.ts'

/**
 * Receives the events of one connection: subclass it, and override the callbacks that you need.
 *
 * One object serves one connection. State that connections share belongs to the factory.
 */
export abstract class Protocol<F = Factory> implements ProtocolEvents {
  #transport: Transport | undefined
  #factory: F | undefined

  /**
   * The connection. It stays readable after the connection is lost.
   *
   * @throws {NotConnectedError} before `makeConnection`.
   */
  get transport(): Transport {
    if (this.#transport === undefined) {
      throw new NotConnectedError('Cannot use the transport before connectionMade')
    }
    return this.#transport
  }

  /**
   * The factory that built this protocol.
   *
   * @throws {NotConnectedError} when the factory has not set it.
   */
  get factory(): F {
    if (this.#factory !== undefined) return this.#factory
    throw new NotConnectedError(
      `Cannot find the factory of ${this.constructor.name}: it is not set. A buildProtocol of your own sets it ` +
        'with "protocol.factory = this" before it returns the protocol; Factory.forProtocol does so itself',
    )
  }

  set factory(factory: F) {
    this.#factory = factory
  }

  /** Whether the connection is up. */
  get connected(): boolean {
    return this.#transport?.connected ?? false
  }

  makeConnection(transport: Transport): unknown {
    if (this.connected)
      throw new LocalProtocolError('Cannot use one protocol for two connections: build one for each')
    this.#transport = transport
    return this.connectionMade()
  }

  /** The connection is up. While a returned promise is pending, nothing is delivered. */
  connectionMade(): unknown {
    return undefined
  }

  /** Bytes were received. You may keep them. Chunk boundaries have no meaning. */
  dataReceived(_data: Buffer): unknown {
    return undefined
  }

  /** The connection is lost. This is the last call. */
  connectionLost(_reason: ConnectionClosed): unknown {
    return undefined
  }

  /** The `loseWriteConnection` of this side is complete. */
  writeConnectionLost(): unknown {
    return undefined
  }
}
