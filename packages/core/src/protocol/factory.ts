import type { Address } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import { checkValue } from '../options/check-options.ts'
import { CLASS, FACTORY } from '../options/object-rules.ts'

/** Makes a protocol for every connection of a port or connector, and holds the state that they share. */
export abstract class Factory<P extends ProtocolEvents = ProtocolEvents> implements ProtocolFactory<P> {
  #users = 0

  /**
   * Returns a factory that makes `new ProtocolClass(...args)` for each connection, and sets its `factory`.
   *
   * @throws {TypeError} when `ProtocolClass` is not a class.
   */
  static forProtocol<P extends ProtocolEvents, A extends unknown[]>(
    ProtocolClass: new (...args: A) => P,
    ...args: A
  ): ClientFactory<P> {
    checkValue('Factory.forProtocol', 'ProtocolClass', ProtocolClass, CLASS)
    return new ClassFactory(ProtocolClass, args)
  }

  /** The number of ports and connectors that use this factory. */
  get numPorts(): number {
    return this.#users
  }

  /** The application protocols (ALPN) that it can build for, best first; the TLS options may name others instead. */
  get acceptableProtocols(): readonly string[] | undefined {
    return undefined
  }

  /** Returns a new protocol for the connection from `peer`, or undefined to refuse it. `session` is set under TLS. */
  abstract buildProtocol(peer: Address, session?: TLSSession): P | undefined

  doStart(): unknown {
    // Called before the count goes up, so that a factory is not counted as used when startFactory throws.
    const starting = this.#users === 0 ? this.startFactory() : undefined
    this.#users++
    // Returned, so that the caller can log the rejection of an asynchronous startFactory.
    return starting
  }

  doStop(): unknown {
    if (this.#users === 0) return undefined
    return --this.#users === 0 ? this.stopFactory() : undefined
  }

  /**
   * The first port or connector begins to use this factory. If it throws, listening fails. A returned promise is not
   * awaited; its rejection is logged.
   */
  startFactory(): unknown {
    return undefined
  }

  /** The last port or connector has stopped using this factory. */
  stopFactory(): unknown {
    return undefined
  }
}

/** A factory that is notified of its connectors' attempts and losses. `connector.connect()` in a callback retries. */
export abstract class ClientFactory<P extends ProtocolEvents = ProtocolEvents> extends Factory<P> {
  /** A connection is being made. */
  startedConnecting(_connector: Connector): unknown {
    return undefined
  }
  /** A connection could not be made; `reason` is a ConnectError. */
  clientConnectionFailed(_connector: Connector, _reason: Error): unknown {
    return undefined
  }
  /** An established connection is lost. */
  clientConnectionLost(_connector: Connector, _reason: ConnectionClosed): unknown {
    return undefined
  }
}

class ClassFactory<P extends ProtocolEvents, A extends unknown[]> extends ClientFactory<P> {
  readonly #ProtocolClass: new (...args: A) => P
  readonly #args: A

  constructor(ProtocolClass: new (...args: A) => P, args: A) {
    super()
    this.#ProtocolClass = ProtocolClass
    this.#args = args
  }

  override buildProtocol(): P {
    const protocol = new this.#ProtocolClass(...this.#args)
    if ('factory' in protocol) protocol.factory = this
    return protocol
  }
}

/**
 * Chooses a factory by the application protocol that TLS negotiates (ALPN, RFC 7301), in order of preference.
 *
 *     new ALPNFactory({ h2: new H2Factory(), 'http/1.1': site })
 *
 * A peer that names no application protocol gets the last factory, and so does every connection without TLS.
 */
export class ALPNFactory extends ClientFactory {
  readonly #factories: ReadonlyMap<string, ProtocolFactory>

  /** @throws {TypeError} without a factory, or when a value is not a factory. */
  constructor(factories: Readonly<Record<string, ProtocolFactory>>) {
    super()
    for (const [name, factory] of Object.entries(factories)) checkValue('ALPNFactory', name, factory, FACTORY)
    this.#factories = new Map(Object.entries(factories))
    if (this.#factories.size === 0) throw new TypeError('ALPNFactory needs at least one factory')
  }

  /**
   * The policies of all its factories. They apply before a protocol is negotiated, so each applies to every connection.
   */
  get policies(): readonly ConnectionPolicy[] {
    return [...new Set(Array.from(this.#all, (factory) => factory.policies ?? []).flat())]
  }

  override get acceptableProtocols(): readonly string[] {
    return [...this.#factories.keys()]
  }

  override buildProtocol(peer: Address, session?: TLSSession): ProtocolEvents | undefined {
    const asked = session?.negotiatedProtocol
    const factory = asked === undefined ? [...this.#factories.values()].at(-1) : this.#factories.get(asked)
    return factory?.buildProtocol(peer, session)
  }

  override startFactory(): unknown {
    return together(Array.from(this.#all, (factory) => factory.doStart()))
  }

  override stopFactory(): unknown {
    return together(Array.from(this.#all, (factory) => factory.doStop()))
  }

  override startedConnecting(connector: Connector): unknown {
    return together(Array.from(this.#all, (factory) => factory.startedConnecting?.(connector)))
  }

  override clientConnectionFailed(connector: Connector, reason: Error): unknown {
    return together(Array.from(this.#all, (factory) => factory.clientConnectionFailed?.(connector, reason)))
  }

  override clientConnectionLost(connector: Connector, reason: ConnectionClosed): unknown {
    return together(Array.from(this.#all, (factory) => factory.clientConnectionLost?.(connector, reason)))
  }

  /** Every factory once, also when it has several names. */
  get #all(): ReadonlySet<ProtocolFactory> {
    return new Set(this.#factories.values())
  }
}

/** Combines several results; undefined when all of them are undefined. */
function together(results: readonly unknown[]): unknown {
  return results.some((result) => result !== undefined) ? Promise.all(results) : undefined
}
