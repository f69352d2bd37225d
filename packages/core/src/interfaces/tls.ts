import type { Wire, WireEvents } from './wire.ts'

/** Certificates or keys as PEM text, concatenated. */
export type PEM = string | Buffer

/** A certificate chain, our own certificate first, and its private key. */
export interface KeyPair {
  readonly cert: PEM
  readonly key: PEM
  /** Decrypts `key`, if it is encrypted. */
  readonly passphrase?: string | undefined
}

/** TLS options of both sides. */
export interface TLSOptions {
  /** The oldest version accepted. Default `TLSv1.2`, which is also the oldest value allowed. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** OpenSSL's list of cipher suites. Default: Node's. */
  readonly ciphers?: string | undefined
  /** The application protocols offered (ALPN), best first. Default: those of the factory, or none. */
  readonly acceptableProtocols?: readonly string[] | undefined
  /** Longest wait for the whole handshake in milliseconds. Then the connection is aborted. Default 10 000. */
  readonly handshakeTimeoutMs?: number | undefined
}

/** TLS options of a server. */
export interface ServerTLSOptions extends TLSOptions, KeyPair {
  /** Further certificates by requested name (SNI): `example.org`, or `*.example.org` for any one label. */
  readonly serverNames?: Readonly<Record<string, KeyPair>> | undefined
  /** Requests a certificate from clients, signed by one of `trustRoots`. Default: none is requested. */
  readonly clientCertificates?: ClientCertificates | undefined
}

/** Which client certificates a server accepts. */
export interface ClientCertificates {
  readonly trustRoots: readonly PEM[]
  /**
   * Whether a client without a certificate is refused. Default true. One that cannot be verified is always
   * refused.
   */
  readonly required?: boolean | undefined
}

/** TLS options of a client. */
export interface ClientTLSOptions extends TLSOptions {
  /**
   * The name that the client sends by SNI and that the server's certificate must be for. Default: the host.
   */
  readonly serverName?: string | undefined
  /** The authorities that may have signed the server's certificate. Default: those that Node trusts. */
  readonly trustRoots?: readonly PEM[] | undefined
  /** The certificate sent to a server that requests one. */
  readonly certificate?: KeyPair | undefined
  /** Accepts any certificate. An attacker on the network can then read and change everything. */
  readonly insecurelySkipVerification?: true | undefined
}

/** The result of a finished handshake. */
export interface TLSSession {
  /** The application protocol negotiated (ALPN); undefined when none was. */
  readonly negotiatedProtocol: string | undefined
  /** The name that the client sent (SNI). */
  readonly serverName: string | undefined
  /** The TLS version, such as `TLSv1.3`. */
  readonly version: string
  /** The cipher suite's standard name. */
  readonly cipher: string
  /**
   * The peer's certificate, verified unless `insecurelySkipVerification` is set; undefined when the peer sent
   * none.
   */
  readonly peerCertificate: Certificate | undefined
}

/** The contents of a certificate. */
export interface Certificate {
  /** The subject's attributes, such as `CN` and `O`, as the certificate has them. */
  readonly subject: Readonly<Record<string, string | readonly string[]>>
  /** The issuer's attributes. */
  readonly issuer: Readonly<Record<string, string | readonly string[]>>
  /** The names it is for, as OpenSSL prints them: `DNS:example.org, IP Address:192.0.2.1`. */
  readonly subjectAltName: string | undefined
  /** Both dates as OpenSSL prints them: `Nov  1 12:00:00 2026 GMT`. */
  readonly validFrom: string
  readonly validTo: string
  readonly serialNumber: string
  /** SHA-256 of `raw`, in hexadecimal with colons. */
  readonly fingerprint256: string
  /** The certificate itself, DER. */
  readonly raw: Buffer
}

/** The configuration of one side of TLS, for any number of connections: a `ServerTLS` or a `ClientTLS`. */
export interface TLSContext {
  readonly side: 'server' | 'client'
  readonly handshakeTimeoutMs: number
  /**
   * Starts TLS over a wire.
   *
   * @param events Receives the events of the encrypted side.
   * @returns the encrypted wire. The caller passes the events of the wire beneath to it.
   */
  secure(under: WireUnderTLS, events: SecureWireEvents): SecureWire
}

/** A wire over which TLS starts. */
export interface WireUnderTLS {
  readonly wire: Wire
  /** Output that is sent unencrypted, before the handshake. */
  readonly unsent: readonly (Buffer | string)[]
  /** Whether the wire has not sent everything yet that was written to it: `wireWritable` follows. */
  readonly busy: boolean
}

/** The events of an encrypted wire. */
export interface SecureWireEvents extends WireEvents {
  /** The handshake is complete. */
  wireSecured(session: TLSSession): void
}

/** A wire that encrypts another one, and receives that wire's events. */
export interface SecureWire extends Wire, WireEvents {}
