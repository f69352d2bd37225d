import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ProxyClaim, ProxyExtensions } from './proxy-header.ts'

/**
 * Begins every client connection with a PROXY header, before anything that a protocol writes and before TLS.
 *
 *     const sendHeader = new SendProxyHeader(() => writeProxyV2(proxyClaimFor(client)))
 *     reactor.connectTCP('10.0.0.5', 80, factory, { policies: [sendHeader] })
 *
 * As a policy it belongs to the connection: it works with any connector or endpoint that takes policies, or
 * with `new WrappingFactory(factory, [sendHeader])`.
 */
export class SendProxyHeader implements ConnectionPolicy {
  readonly #headerFor: (transport: Transport) => Uint8Array

  /** @param headerFor The header for the connection that is up now. A throw aborts the connection. */
  constructor(headerFor: (transport: Transport) => Uint8Array) {
    this.#headerFor = headerFor
  }

  accepted(transport: Transport): undefined {
    transport.write(this.#headerFor(transport))
    return undefined
  }
}

/** The claim of a proxy that passes on the connection of `client`: between whom that is, and `extensions`. */
export function proxyClaimFor(client: Transport, extensions: ProxyExtensions = {}): ProxyClaim {
  const addresses = { source: client.getPeer(), destination: client.getHost() }
  return { command: 'PROXY', addresses, extensions }
}
