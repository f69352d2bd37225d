import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { asciiHost } from '../hosts.ts'
import type {
  KeyPair,
  SecureWire,
  SecureWireEvents,
  ServerTLSOptions,
  TLSContext,
  WireUnderTLS,
} from '../interfaces/tls.ts'
import { TLSConfigurationError } from '../errors.ts'
import { peerCertificateOf, sessionOf } from './session.ts'
import { checkOptions, checkValue, withDefaults } from '../options/check-options.ts'
import { SERVER_TLS_RULES, tlsOf } from './tls-rules.ts'
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_MIN_VERSION } from './tls-defaults.ts'
import { type OpenedTLS, TLSWire } from './tls-wire.ts'
import type { WireDuplex } from './wire-duplex.ts'
import { checkedRoots } from './trust-roots.ts'

/**
 * The server's side of TLS, for `listenSSL` and `startTLS`.
 *
 * Certificates are checked here, not when the first client comes, and can be replaced while
 * connections are up: those keep what they have, new ones get the new.
 */
export class ServerTLS implements TLSContext {
  readonly side = 'server'
  readonly handshakeTimeoutMs: number
  readonly #acceptableProtocols: readonly string[] | undefined
  #options: ServerTLSOptions
  #certificates: Certificates

  /**
   * @throws {TypeError | RangeError} for an option that is not one, or has a value that it cannot have.
   * @throws {TLSConfigurationError} when a certificate or key cannot be used.
   */
  constructor(options: ServerTLSOptions) {
    checkValue('ServerTLS', 'options', options, tlsOf('server'))
    checkOptions('ServerTLS', options, SERVER_TLS_RULES)
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
    this.#acceptableProtocols = options.acceptableProtocols
    this.#options = options
    this.#certificates = certificatesOf(options)
  }

  /**
   * `tls` itself, or made of options. Where it names no application protocols it offers `acceptableProtocols`.
   *
   * @throws {TypeError} for what is neither, and for a client's side.
   */
  static from(tls: TLSContext | ServerTLSOptions, acceptableProtocols?: readonly string[]): TLSContext {
    checkValue('TLS', 'tls', tls, tlsOf('server'))
    const context = 'side' in tls ? tls : new ServerTLS(tls)
    return context instanceof ServerTLS ? context.#offering(acceptableProtocols) : context
  }

  /**
   * Shows another certificate, or asks for others, from the next connection on.
   *
   * @throws {TLSConfigurationError} when it cannot be used; then everything stays as it is.
   */
  replace(
    options: Partial<
      Pick<ServerTLSOptions, 'cert' | 'key' | 'passphrase' | 'serverNames' | 'clientCertificates'>
    >,
  ): void {
    const next = withDefaults('ServerTLS', this.#options, options, SERVER_TLS_RULES)
    this.#certificates = certificatesOf(next)
    this.#options = next
  }

  secure(under: WireUnderTLS, events: SecureWireEvents): SecureWire {
    return this.#secure(under, events, this.#acceptableProtocols)
  }

  /** The same certificates, also those it will have, with other application protocols. */
  #offering(protocols: readonly string[] | undefined): TLSContext {
    if (protocols === undefined || this.#acceptableProtocols !== undefined) return this
    const { side, handshakeTimeoutMs } = this
    return { side, handshakeTimeoutMs, secure: (under, events) => this.#secure(under, events, protocols) }
  }

  #secure(
    under: WireUnderTLS,
    events: SecureWireEvents,
    protocols: readonly string[] | undefined,
  ): SecureWire {
    return new TLSWire(under, events, (duplex, refuse) => this.#open(duplex, refuse, protocols))
  }

  #open(
    duplex: WireDuplex,
    refuse: (why: Error) => void,
    protocols: readonly string[] | undefined,
  ): OpenedTLS {
    const { fallback, byName } = this.#certificates
    const { clientCertificates } = this.#options
    const socket = new TLSSocket(duplex, {
      isServer: true,
      secureContext: fallback,
      requestCert: clientCertificates !== undefined,
      rejectUnauthorized: false,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
      SNICallback: (name, answer) => answer(null, contextFor(byName, name) ?? fallback),
    })
    if (clientCertificates !== undefined) {
      const { required = true } = clientCertificates
      // Before anybody hears that the handshake is done.
      socket.prependOnceListener('secure', () => {
        const why = refusalOf(socket, required)
        if (why !== undefined) refuse(why)
      })
    }
    return { socket, secured: 'secure', session: () => sessionOf(socket, serverNameOf(socket)) }
  }
}

interface Certificates {
  readonly fallback: SecureContext
  readonly byName: ReadonlyMap<string, SecureContext>
}

function certificatesOf(options: ServerTLSOptions): Certificates {
  const names = Object.entries(options.serverNames ?? {})
  return {
    fallback: contextOf(options, options, 'the certificate'),
    byName: new Map(
      names.map(([name, pair]) => [asSent(name), contextOf(pair, options, `the certificate for ${name}`)]),
    ),
  }
}

function contextOf(pair: KeyPair, options: ServerTLSOptions, what: string): SecureContext {
  const { minVersion = DEFAULT_MIN_VERSION, ciphers, clientCertificates } = options
  try {
    // Without the types of TypeScript.
    if ((pair.cert as unknown) === undefined) throw new Error('give cert')
    if ((pair.key as unknown) === undefined) throw new Error('give key')
    if (pair.cert.length === 0 || pair.key.length === 0) throw new Error('it is empty')
    return createSecureContext({
      cert: pair.cert,
      key: pair.key,
      ...(pair.passphrase === undefined ? {} : { passphrase: pair.passphrase }),
      minVersion,
      honorCipherOrder: true,
      // Without one OpenSSL fails every resumed session of a client that was asked for its certificate.
      sessionIdContext: 'ropewalk',
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(clientCertificates === undefined ? {} : { ca: checkedRoots(clientCertificates.trustRoots) }),
    })
  } catch (cause) {
    throw new TLSConfigurationError(what, cause)
  }
}

/** A name, or a wildcard, as a client asks for it (RFC 6066 §3). */
function asSent(name: string): string {
  const wildcard = name.startsWith('*.') ? '*.' : ''
  return (wildcard + asciiHost(name.slice(wildcard.length))).toLowerCase()
}

/** The exact name first; then a wildcard, which stands for one label. */
function contextFor(byName: ReadonlyMap<string, SecureContext>, asked: string): SecureContext | undefined {
  // RFC 6066 §3: without the dot that ends a full name; a client that sends it means the same.
  const name = asked.toLowerCase().replace(/\.$/, '')
  return byName.get(name) ?? byName.get(name.replace(/^[^.]+/, '*'))
}

function serverNameOf(socket: TLSSocket): string | undefined {
  const { servername } = socket as { readonly servername?: string | false | null }
  return typeof servername === 'string' && servername !== '' ? servername : undefined
}

/** Why a client's certificate, or its absence, turns it away. */
function refusalOf(socket: TLSSocket, required: boolean): Error | undefined {
  if (peerCertificateOf(socket) === undefined) {
    return required ? new Error('The client shows no certificate') : undefined
  }
  // What node:tls itself asks of its own servers; without it nobody could be trusted.
  const { ssl } = socket as { readonly ssl?: { verifyError?(): Error | null } }
  if (ssl?.verifyError === undefined) return new Error("Cannot verify the client's certificate")
  return ssl.verifyError() ?? undefined
}
