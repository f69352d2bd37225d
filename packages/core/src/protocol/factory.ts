import type { Address } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import { checkValue } from '../options/check-options.ts'
import { CLASS, FACTORY } from '../options/object-rules.ts'

/** Makes a protocol for every connection of a port or connector, and holds what they share. */
export abstract class Factory<P extends ProtocolEvents = ProtocolEvents> implements ProtocolFactory<P> {
  #users = 0

  /**
   * A factory that makes `new ProtocolClass(...args)` for each connection, and is its `factory`.
   *
   * @throws {TypeError} for what is no class.
   */
  static forProtocol<P extends ProtocolEvents, A extends unknown[]>(
    ProtocolClass: new (...args: A) => P,
    ...args: A
  ): ClientFactory<P> {
    checkValue('Factory.forProtocol', 'ProtocolClass', ProtocolClass, CLASS)
    return new ClassFactory(ProtocolClass, args)
  }

  /** Ports and connectors that use this factory. */
  get numPorts(): number {
    return this.#users
  }

  /** The application protocols it can build for (ALPN), best first; TLS offers them unless told others. */
  get acceptableProtocols(): readonly string[] | undefined {
    return undefined
  }

  /** Answers a new protocol for the connection from `peer`, or undefined to refuse it. `session` is there where TLS is. */
  abstract buildProtocol(peer: Address, session?: TLSSession): P | undefined

  doStart(): unknown {
    // Before it counts, so that one that throws is not in use.
    const starting = this.#users === 0 ? this.startFactory() : undefined
    this.#users++
    // Answered, so that whoever calls can log what an asynchronous one rejects with.
    return starting
  }

  doStop(): unknown {
    if (this.#users === 0) return undefined
    return --this.#users === 0 ? this.stopFactory() : undefined
  }

  /**
   * The first port or connector begins to use this factory. A throw is a failure to listen; nobody waits for a
   * promise: what it rejects with is logged.
   */
  startFactory(): unknown {
    return undefined
  }

  /** The last port or connector has stopped using this factory. */
  stopFactory(): unknown {
    return undefined
  }
}

/** A factory that hears how its connectors fare. `connector.connect()` in a callback tries again. */
export abstract class ClientFactory<P extends ProtocolEvents = ProtocolEvents> extends Factory<P> {
  /** A connection is being made. */
  startedConnecting(_connector: Connector): unknown {
    return undefined
  }
  /** A connection could not be made; `reason` is a ConnectError. */
  clientConnectionFailed(_connector: Connector, _reason: Error): unknown {
    return undefined
  }
  /** A connection was made and is gone. */
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
 * A factory for each application protocol of TLS (ALPN, RFC 7301), the best first.
 *
 *     new ALPNFactory({ h2: new H2Factory(), 'http/1.1': site })
 *
 * A peer that names none gets the last; without TLS everyone does.
 */
export class ALPNFactory extends ClientFactory {
  readonly #factories: ReadonlyMap<string, ProtocolFactory>

  /** @throws {TypeError} without a factory, and for a value that is not one. */
  constructor(factories: Readonly<Record<string, ProtocolFactory>>) {
    super()
    for (const [name, factory] of Object.entries(factories)) checkValue('ALPNFactory', name, factory, FACTORY)
    this.#factories = new Map(Object.entries(factories))
    if (this.#factories.size === 0) throw new TypeError('Cannot choose among no factories: give one or more')
  }

  /**
   * The rules of all its factories: they begin before the peer has chosen one, so each is over the connections of all.
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

  /** Each once, whatever number of names it has. */
  get #all(): ReadonlySet<ProtocolFactory> {
    return new Set(this.#factories.values())
  }
}

/** One result for several; undefined unless one of them takes time. */
function together(results: readonly unknown[]): unknown {
  return results.some((result) => result !== undefined) ? Promise.all(results) : undefined
}
