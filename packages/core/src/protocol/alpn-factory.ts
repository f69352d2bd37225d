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

  override startFactory(): void | Promise<void> {
    return together(Array.from(this.#factories.values(), (factory) => factory.doStart()))
  }

  override stopFactory(): void | Promise<void> {
    return together(Array.from(this.#factories.values(), (factory) => factory.doStop()))
  }
}

/** One answer for several; undefined unless one of them takes time. */
function together(answers: readonly (void | Promise<void>)[]): void | Promise<void> {
  if (answers.some((answer) => answer !== undefined))
    return Promise.all(answers.map(async (answer) => answer)).then(() => undefined)
}
