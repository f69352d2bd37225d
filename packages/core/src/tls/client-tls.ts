import type { SecureContext, TLSSocket } from 'node:tls'
import { asciiHost } from '../hosts.ts'
import type {
  ClientTLSOptions,
  SecureWire,
  SecureWireEvents,
  TLSContext,
  WireUnderTLS,
} from '../interfaces/tls.ts'
import { TLSConfigurationError } from '../errors.ts'
import {
  checkedRoots,
  CLIENT_TLS_RULES,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  DEFAULT_MIN_VERSION,
  nodeTLS,
  sessionOf,
  tlsOf,
} from './tls-rules.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { type OpenedTLS, TLSWire, type WireDuplex } from './tls-wire.ts'

/** The client's side of TLS, for `startTLS`, `wrapClientTLS` and `connectSSL`. */
export class ClientTLS implements TLSContext {
  readonly side = 'client'
  readonly handshakeTimeoutMs: number
  readonly #options: ClientTLSOptions
  readonly #serverName: string
  readonly #context: SecureContext

  /**
   * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range, or
   *   `serverName` is missing.
   * @throws {TLSConfigurationError} when a certificate or key cannot be used.
   */
  constructor(options: ClientTLSOptions) {
    checkValue('ClientTLS', 'options', options, tlsOf('client'))
    checkOptions('ClientTLS', options, CLIENT_TLS_RULES)
    const { serverName, insecurelySkipVerification = false } = options
    // Node treats an empty name as localhost.
    if ((serverName === undefined || serverName === '') && !insecurelySkipVerification) {
      throw new TypeError('Cannot verify a server without a name: give serverName')
    }
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
    this.#options = options
    this.#serverName = asciiHost(serverName ?? '')
    this.#context = contextOf(options)
  }

  /**
   * Returns `tls` itself, or a context made of its options for `host`. It offers `acceptableProtocols` unless
   * it names application protocols of its own.
   *
   * @throws {TypeError} when `tls` is neither, or a server's side.
   */
  static from(
    tls: TLSContext | ClientTLSOptions,
    host: string,
    acceptableProtocols?: readonly string[],
  ): TLSContext {
    checkValue('TLS', 'tls', tls, tlsOf('client'))
    const context = 'side' in tls ? tls : new ClientTLS({ ...tls, serverName: tls.serverName ?? host })
    return context instanceof ClientTLS ? context.#offering(acceptableProtocols) : context
  }

  secure(under: WireUnderTLS, events: SecureWireEvents): SecureWire {
    return this.#secure(under, events, this.#options.acceptableProtocols)
  }

  #offering(protocols: readonly string[] | undefined): TLSContext {
    if (protocols === undefined || this.#options.acceptableProtocols !== undefined) return this
    const { side, handshakeTimeoutMs } = this
    return { side, handshakeTimeoutMs, secure: (under, events) => this.#secure(under, events, protocols) }
  }

  #secure(
    under: WireUnderTLS,
    events: SecureWireEvents,
    protocols: readonly string[] | undefined,
  ): SecureWire {
    return new TLSWire(under, events, (duplex) => this.#open(duplex, protocols))
  }

  #open(duplex: WireDuplex, protocols: readonly string[] | undefined): OpenedTLS {
    const { insecurelySkipVerification = false } = this.#options
    const name = this.#serverName
    const socket = nodeTLS().connect({
      socket: duplex,
      secureContext: this.#context,
      host: name,
      // SNI carries names only (RFC 6066 §3).
      servername: isNumeric(name) ? '' : name,
      rejectUnauthorized: !insecurelySkipVerification,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    })
    return {
      socket,
      secured: 'secureConnect',
      session: () => sessionOf(socket, name === '' ? undefined : name),
      explain: (error) => (isUnverified(socket) ? unverified(name, error) : error),
    }
  }
}

/** Whether the certificate caused the failure. For a wrong name, Node's own message gives both names. */
function isUnverified({ authorizationError }: TLSSocket): boolean {
  return Boolean(authorizationError) && String(authorizationError) !== 'ERR_TLS_CERT_ALTNAME_INVALID'
}

function unverified(name: string, error: Error): Error {
  return new Error(`${error.message}, in the certificate presented for ${name}`, { cause: error })
}

function contextOf({ trustRoots, certificate, minVersion, ciphers }: ClientTLSOptions): SecureContext {
  try {
    return nodeTLS().createSecureContext({
      minVersion: minVersion ?? DEFAULT_MIN_VERSION,
      ...(trustRoots === undefined ? {} : { ca: checkedRoots(trustRoots) }),
      ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
      ...(certificate?.passphrase === undefined ? {} : { passphrase: certificate.passphrase }),
      ...(ciphers === undefined ? {} : { ciphers }),
    })
  } catch (cause) {
    throw new TLSConfigurationError('the TLS options', cause)
  }
}

function isNumeric(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host)
}
