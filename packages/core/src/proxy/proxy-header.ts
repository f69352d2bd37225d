import type { Address } from '../addresses.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'

/** What a proxy says of a connection. */
export interface ProxyClaim {
  /** `LOCAL`: it speaks for itself, as a health check does. `PROXY`: for a client. */
  readonly command: 'LOCAL' | 'PROXY'
  /** Who is connected; undefined with LOCAL, and when it does not know: then the connection's own addresses hold. */
  readonly addresses: ProxyAddresses | undefined
  /** What else it knows. Empty with LOCAL and in version 1. */
  readonly extensions: ProxyExtensions
}

/** A claim, and the version of the protocol in which it came. */
export interface ProxyHeader extends ProxyClaim {
  readonly version: ProxyVersion
}

/** 1 is a line of text, 2 is binary. */
export type ProxyVersion = 1 | 2

/** The ends of the connection between the client and the proxy: both TCP, or both UNIX. */
export interface ProxyAddresses {
  readonly source: Address
  readonly destination: Address
}

/** What a proxy tells of a connection beside its addresses. Text that is not UTF-8 comes with U+FFFD in it. */
export interface ProxyExtensions {
  /** The application protocol that TLS has settled, such as `h2`. */
  readonly alpn?: string
  /** The host that the client asked for, such as by SNI. */
  readonly authority?: string
  /** The proxy's name for the connection, at most 128 bytes. */
  readonly uniqueId?: Buffer
  /** The network namespace in which the proxy took the connection. */
  readonly netns?: string
  /** How the client is protected. */
  readonly ssl?: ProxySSL
  /** Fields of types not named here, in order. */
  readonly others?: readonly ProxyTLV[]
}

/** How TLS protects the connection between the client and the proxy. */
export interface ProxySSL {
  readonly client: {
    /** It speaks TLS. */
    readonly ssl: boolean
    /** It has shown a certificate on this connection. */
    readonly certConn: boolean
    /** It has shown a certificate in this TLS session, perhaps on an earlier connection. */
    readonly certSess: boolean
  }
  /** 0 when it has shown a certificate and that was verified; anything else when not. */
  readonly verify: number
  /** Such as `TLSv1.3`. */
  readonly version?: string
  /** The common name in the client's certificate. */
  readonly cn?: string
  /** The cipher suite, as OpenSSL calls it. */
  readonly cipher?: string
  /** How the proxy's own certificate is signed, such as `SHA256`. */
  readonly sigAlg?: string
  /** The key in the proxy's own certificate, such as `RSA2048`. */
  readonly keyAlg?: string
  /** Fields of types not named here, in order. */
  readonly others?: readonly ProxyTLV[]
}

/** A field of version 2: a type, and what it says. */
export interface ProxyTLV {
  readonly type: number
  readonly value: Buffer
}

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
