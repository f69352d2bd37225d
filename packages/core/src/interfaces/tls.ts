import type { Wire, WireEvents } from './wire.ts'

/** Certificates and keys as PEM text, one after another. */
export type PEM = string | Buffer

/** A certificate chain, our own certificate first, and its private key. */
export interface KeyPair {
  readonly cert: PEM
  readonly key: PEM
  /** Opens `key` where it is encrypted. */
  readonly passphrase?: string | undefined
}

/** What both sides of TLS can choose. */
export interface TLSOptions {
  /** The oldest version accepted. Default `TLSv1.2`; nothing older can be asked for. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** OpenSSL's list of cipher suites. Default: Node's. */
  readonly ciphers?: string | undefined
  /** The application protocols we speak (ALPN), best first. Default: those of the factory, or none. */
  readonly acceptableProtocols?: readonly string[] | undefined
  /** Longest wait for the whole handshake, in milliseconds; then the connection is aborted. Default 10 000. */
  readonly handshakeTimeoutMs?: number | undefined
}

/** How a server speaks TLS. */
export interface ServerTLSOptions extends TLSOptions, KeyPair {
  /** Further certificates by the name the client asks for (SNI): `example.org`, or `*.example.org` for one label. */
  readonly serverNames?: Readonly<Record<string, KeyPair>> | undefined
  /** Asks clients for a certificate that one of `trustRoots` has signed. Default: none is asked for. */
  readonly clientCertificates?: ClientCertificates | undefined
}

/** Whose certificates a server takes from its clients. */
export interface ClientCertificates {
  readonly trustRoots: readonly PEM[]
  /** Whether a client without one is turned away. Default true; one that cannot be verified always is. */
  readonly required?: boolean | undefined
}

/** How a client speaks TLS. */
export interface ClientTLSOptions extends TLSOptions {
  /** The name the server's certificate must be for, asked for by SNI. Default: the host connected to. */
  readonly serverName?: string | undefined
  /** Who may have signed the server's certificate. Default: the authorities Node trusts. */
  readonly trustRoots?: readonly PEM[] | undefined
  /** The certificate shown to a server that asks for one. */
  readonly certificate?: KeyPair | undefined
  /** Takes any certificate from anyone: whoever is in between reads and changes everything. */
  readonly insecurelySkipVerification?: true | undefined
}

/** What a finished handshake has settled. */
export interface TLSSession {
  /** The application protocol both chose (ALPN); undefined when none was. */
  readonly negotiatedProtocol: string | undefined
  /** The name the client asked for (SNI). */
  readonly serverName: string | undefined
  /** Such as `TLSv1.3`. */
  readonly version: string
  /** The cipher suite's standard name. */
  readonly cipher: string
  /** The certificate of the other side, verified unless that was switched off by name; undefined when it showed none. */
  readonly peerCertificate: Certificate | undefined
}

/** What a certificate says. */
export interface Certificate {
  /** Whom it is for: `CN`, `O` and so on, as they stand in it. */
  readonly subject: Readonly<Record<string, string | readonly string[]>>
  /** Who signed it. */
  readonly issuer: Readonly<Record<string, string | readonly string[]>>
  /** The names it is for, as OpenSSL prints them: `DNS:example.org, IP Address:192.0.2.1`. */
  readonly subjectAltName: string | undefined
  /** As OpenSSL prints it: `Nov  1 12:00:00 2026 GMT`. */
  readonly validFrom: string
  readonly validTo: string
  readonly serialNumber: string
  /** SHA-256 of `raw`, in hexadecimal with colons. */
  readonly fingerprint256: string
  /** The certificate itself, DER. */
  readonly raw: Buffer
}

/** One side of TLS, ready to be put over any number of connections: a `ServerTLS` or a `ClientTLS`. */
export interface TLSContext {
  readonly side: 'server' | 'client'
  readonly handshakeTimeoutMs: number
  /** Speaks TLS over the wire, whose events go to what is returned; `events` gets those of the protected side. */
  secure(under: WireUnderTLS, events: SecureWireEvents): SecureWire
}

/** A wire that is to be put under TLS. */
export interface WireUnderTLS {
  readonly wire: Wire
  /** What must leave unprotected, before the handshake. */
  readonly unsent: readonly (Buffer | string)[]
  /** Whether the wire is still busy with what it was handed: `wireWritable` follows. */
  readonly busy: boolean
}

/** What a wire under TLS tells its transport. */
export interface SecureWireEvents extends WireEvents {
  /** The handshake is done: what is written and read from now on is protected. */
  wireSecured(session: TLSSession): void
}

/** A wire that speaks TLS over another, of which it receives the events. */
export interface SecureWire extends Wire, WireEvents {}
