import { connect, createSecureContext, type SecureContext } from 'node:tls'
import type {
  ClientTLSOptions,
  SecureWire,
  SecureWireEvents,
  TLSContext,
  WireUnderTLS,
} from '../contracts/tls.ts'
import { TLSConfigurationError } from '../errors.ts'
import { sessionOf } from './session.ts'
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_MIN_VERSION } from './tls-defaults.ts'
import { type OpenedTLS, TLSWire } from './tls-wire.ts'
import type { WireDuplex } from './wire-duplex.ts'

/** The client's side of TLS, for `startTLS`, `wrapClientTLS` and `connectSSL`. */
export class ClientTLS implements TLSContext {
  readonly side = 'client'
  readonly handshakeTimeoutMs: number
  readonly #options: ClientTLSOptions
  readonly #serverName: string
  readonly #context: SecureContext

  /**
   * @throws {TypeError} when no `serverName` says whose certificate to expect.
   * @throws {TLSConfigurationError} when a certificate or key cannot be used.
   */
  constructor(options: ClientTLSOptions) {
    const { serverName, insecurelySkipVerification = false } = options
    if (serverName === undefined && !insecurelySkipVerification) {
      throw new TypeError('Cannot verify a server without a name: give serverName')
    }
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
    this.#options = options
    this.#serverName = serverName ?? ''
    this.#context = contextOf(options)
  }

  /** `tls` itself when it is ready, or made of options; `host` and `acceptableProtocols` where they name none. */
  static from(
    tls: TLSContext | ClientTLSOptions,
    host: string,
    acceptableProtocols?: readonly string[],
  ): TLSContext {
    if ('side' in tls) return tls
    const offered = acceptableProtocols === undefined ? {} : { acceptableProtocols }
    return new ClientTLS({ serverName: host, ...offered, ...tls })
  }

  secure(under: WireUnderTLS, events: SecureWireEvents): SecureWire {
    return new TLSWire(under, events, (duplex) => this.#open(duplex))
  }

  #open(duplex: WireDuplex): OpenedTLS {
    const { acceptableProtocols, insecurelySkipVerification = false } = this.#options
    const name = this.#serverName
    const socket = connect({
      socket: duplex,
      secureContext: this.#context,
      host: name,
      // SNI carries names only (RFC 6066 §3).
      servername: isNumeric(name) ? '' : name,
      rejectUnauthorized: !insecurelySkipVerification,
      ...(acceptableProtocols === undefined ? {} : { ALPNProtocols: [...acceptableProtocols] }),
    })
    return {
      socket,
      secured: 'secureConnect',
      session: () => sessionOf(socket, name === '' ? undefined : name),
    }
  }
}

function contextOf({ trustRoots, certificate, minVersion, ciphers }: ClientTLSOptions): SecureContext {
  try {
    return createSecureContext({
      minVersion: minVersion ?? DEFAULT_MIN_VERSION,
      ...(trustRoots === undefined ? {} : { ca: [...trustRoots] }),
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
