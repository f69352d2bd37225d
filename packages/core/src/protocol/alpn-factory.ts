import type { Address } from '../addresses.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import type { ConnectionClosed } from '../errors.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY } from '../options/object-rules.ts'
import { ClientFactory } from './factory.ts'

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
