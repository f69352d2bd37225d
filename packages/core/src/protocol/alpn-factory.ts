import type { Address } from '../contracts/address.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { TLSSession } from '../contracts/tls.ts'
import { Factory } from './factory.ts'

/**
 * A factory for each application protocol of TLS (ALPN, RFC 7301), the best first.
 *
 *     new ALPNFactory({ h2: new H2Factory(), 'http/1.1': site })
 *
 * A peer that names none gets the last; without TLS everyone does.
 */
export class ALPNFactory extends Factory {
  readonly #factories: ReadonlyMap<string, ProtocolFactory>

  /** @throws {TypeError} without a factory. */
  constructor(factories: Readonly<Record<string, ProtocolFactory>>) {
    super()
    this.#factories = new Map(Object.entries(factories))
    if (this.#factories.size === 0) throw new TypeError('Cannot choose among no factories: give one or more')
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
    return together(Array.from(this.#factories.values(), (factory) => factory.doStart()))
  }

  override stopFactory(): unknown {
    return together(Array.from(this.#factories.values(), (factory) => factory.doStop()))
  }
}

/** One result for several; undefined unless one of them takes time. */
function together(results: readonly unknown[]): unknown {
  return results.some((result) => result !== undefined) ? Promise.all(results) : undefined
}
