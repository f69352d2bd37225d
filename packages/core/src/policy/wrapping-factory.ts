import type { Address } from '../addresses.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import { checkValue } from '../options/check-options.ts'
import { POLICY } from '../options/object-rules.ts'
import { listOf } from '../options/option-rules.ts'
import { ForwardingFactory } from '../transport/forwarding-factory.ts'

/**
 * Another factory with policies added: for those who pass factories on rather than options.
 *
 *     new WrappingFactory(site, [new LimitConnectionsByPeer(20), new IdleTimeout(60_000)])
 */
export class WrappingFactory<P extends ProtocolEvents = ProtocolEvents> extends ForwardingFactory<P> {
  readonly #added: readonly ConnectionPolicy[]

  /** @throws {TypeError} for what is no factory, or no list of policies. */
  constructor(wrappedFactory: ProtocolFactory<P>, policies: readonly ConnectionPolicy[]) {
    super(wrappedFactory)
    checkValue('WrappingFactory', 'policies', policies, listOf(POLICY))
    this.#added = [...policies]
  }

  override get policies(): readonly ConnectionPolicy[] {
    return [...this.#added, ...(super.policies ?? [])]
  }

  override buildProtocol(peer: Address, session?: TLSSession): P | undefined {
    return this.wrappedFactory.buildProtocol(peer, session)
  }
}
