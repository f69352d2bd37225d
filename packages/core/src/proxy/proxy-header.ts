import type { Address } from '../addresses.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'

/** The information that a proxy sends about a connection. */
export interface ProxyClaim {
  /** `LOCAL`: the proxy's own connection, such as a health check. `PROXY`: a client's connection. */
  readonly command: 'LOCAL' | 'PROXY'
  /** The client's connection; undefined with LOCAL and when the proxy does not know it: the real addresses apply. */
  readonly addresses: ProxyAddresses | undefined
  /** Further information. Empty with LOCAL and in version 1. */
  readonly extensions: ProxyExtensions
}

/** A claim, and the version of the header that carried it. */
export interface ProxyHeader extends ProxyClaim {
  readonly version: ProxyVersion
}

/** Version 1 is a line of text, version 2 is binary. */
export type ProxyVersion = 1 | 2

/** The ends of the connection between the client and the proxy: both TCP, or both UNIX. */
export interface ProxyAddresses {
  readonly source: Address
  readonly destination: Address
}

/** What a header carries beside the addresses. Bytes of a text that are not UTF-8 are replaced by U+FFFD. */
export interface ProxyExtensions {
  /** The application protocol that TLS negotiated, such as `h2`. */
  readonly alpn?: string
  /** The host that the client requested, such as by SNI. */
  readonly authority?: string
  /** The proxy's identifier of the connection, at most 128 bytes. */
  readonly uniqueId?: Buffer
  /** The network namespace in which the proxy accepted the connection. */
  readonly netns?: string
  /** How TLS protects the client's connection. */
  readonly ssl?: ProxySSL
  /** Fields of types not named here, in order. */
  readonly others?: readonly ProxyTLV[]
}

/** How TLS protects the connection between the client and the proxy. */
export interface ProxySSL {
  readonly client: {
    /** The client uses TLS. */
    readonly ssl: boolean
    /** The client presented a certificate on this connection. */
    readonly certConn: boolean
    /** The client presented a certificate in this TLS session, perhaps on an earlier connection. */
    readonly certSess: boolean
  }
  /** 0 when the client presented a certificate and it was verified; otherwise another number. */
  readonly verify: number
  /** The TLS version, such as `TLSv1.3`. */
  readonly version?: string
  /** The common name in the client's certificate. */
  readonly cn?: string
  /** The OpenSSL name of the cipher suite. */
  readonly cipher?: string
  /** The signature algorithm of the proxy's own certificate, such as `SHA256`. */
  readonly sigAlg?: string
  /** The key algorithm of the proxy's own certificate, such as `RSA2048`. */
  readonly keyAlg?: string
  /** Fields of types not named here, in order. */
  readonly others?: readonly ProxyTLV[]
}

/** A type-length-value field of version 2. */
export interface ProxyTLV {
  readonly type: number
  readonly value: Buffer
}

/**
 * Begins every client connection with a PROXY header, before the bytes that a protocol writes and before TLS.
 *
 *     const sendHeader = new SendProxyHeader(() => writeProxyV2(proxyClaimFor(client)))
 *     reactor.connectTCP('10.0.0.5', 80, factory, { policies: [sendHeader] })
 *
 * As a policy it belongs to the connection: it works with any connector or endpoint that takes policies, or
 * with `new WrappingFactory(factory, [sendHeader])`.
 */
export class SendProxyHeader implements ConnectionPolicy {
  readonly #headerFor: (transport: Transport) => Uint8Array

  /** @param headerFor Returns the header for a new connection. A throw aborts the connection. */
  constructor(headerFor: (transport: Transport) => Uint8Array) {
    this.#headerFor = headerFor
  }

  accepted(transport: Transport): undefined {
    transport.write(this.#headerFor(transport))
    return undefined
  }
}

/** Returns the claim for a proxied connection: the two addresses of `client`, and `extensions`. */
export function proxyClaimFor(client: Transport, extensions: ProxyExtensions = {}): ProxyClaim {
  const addresses = { source: client.getPeer(), destination: client.getHost() }
  return { command: 'PROXY', addresses, extensions }
}
