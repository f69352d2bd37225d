import type { SecureContext, TLSSocket } from 'node:tls'
import type { Address } from '../addresses.ts'
import { NoProtocol, TLSConfigurationError } from '../errors.ts'
import { asciiHost } from '../hosts.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  DelayedCall,
  ReactorCore,
  ReactorFiles,
  ReactorLog,
  ReactorTime,
} from '../interfaces/reactor.ts'
import type {
  KeyPair,
  SecureWire,
  SecureWireEvents,
  ServerTLSOptions,
  TLSContext,
  WireUnderTLS,
} from '../interfaces/tls.ts'
import { checkOptions, checkValue, withDefaults } from '../options/check-options.ts'
import { ABORT_SIGNAL } from '../options/object-rules.ts'
import { having, milliseconds, type OptionRules, path } from '../options/option-rules.ts'
import { onAbort } from '../time/cancellable.ts'
import { buildProtocol, refuseConnection } from '../transport/build-protocol.ts'
import { logConnection } from '../transport/diagnostics.ts'
import { ForwardingFactory } from '../transport/forwarding-factory.ts'
import { TLSHandshakeProtocol } from '../transport/tls-layer.ts'
import {
  checkedRoots,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  DEFAULT_MIN_VERSION,
  nodeTLS,
  peerCertificateOf,
  SERVER_TLS_RULES,
  sessionOf,
  tlsOf,
} from './tls-rules.ts'
import { type OpenedTLS, TLSWire, type WireDuplex } from './tls-wire.ts'

/**
 * The server's side of TLS, for `listenSSL` and `startTLS`.
 *
 * Certificates are checked here, not at the first handshake. They can be replaced while connections are open:
 * only new connections get the new ones.
 */
export class ServerTLS implements TLSContext {
  readonly side = 'server'
  readonly handshakeTimeoutMs: number
  readonly #acceptableProtocols: readonly string[] | undefined
  #options: ServerTLSOptions
  #certificates: Certificates

  /**
   * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range.
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
   * Returns `tls` itself, or a context made of its options. It offers `acceptableProtocols` unless it names
   * application protocols of its own.
   *
   * @throws {TypeError} when `tls` is neither, or a client's side.
   */
  static from(tls: TLSContext | ServerTLSOptions, acceptableProtocols?: readonly string[]): TLSContext {
    checkValue('TLS', 'tls', tls, tlsOf('server'))
    const context = 'side' in tls ? tls : new ServerTLS(tls)
    return context instanceof ServerTLS ? context.#offering(acceptableProtocols) : context
  }

  /**
   * Presents another certificate, or asks clients for others, from the next connection on.
   *
   * @throws {TLSConfigurationError} when a certificate or key cannot be used; nothing changes then.
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

  /** A context with these certificates, also after `replace`, and with other application protocols. */
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
    return new TLSWire(under, events, (duplex, fail) => this.#open(duplex, fail, protocols))
  }

  #open(duplex: WireDuplex, fail: (why: Error) => void, protocols: readonly string[] | undefined): OpenedTLS {
    const { fallback, byName } = this.#certificates
    const { clientCertificates } = this.#options
    const socket = new (nodeTLS().TLSSocket)(duplex, {
      isServer: true,
      secureContext: fallback,
      requestCert: clientCertificates !== undefined,
      rejectUnauthorized: false,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
      SNICallback: (name, done) => done(null, contextFor(byName, name) ?? fallback),
    })
    if (clientCertificates !== undefined) {
      const { required = true } = clientCertificates
      // Before any other listener takes the handshake as complete.
      socket.prependOnceListener('secure', () => {
        const why = refusalOf(socket, required)
        if (why !== undefined) fail(why)
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
    // JavaScript callers may leave them out.
    if ((pair.cert as unknown) === undefined) throw new Error('give cert')
    if ((pair.key as unknown) === undefined) throw new Error('give key')
    if (pair.cert.length === 0 || pair.key.length === 0) throw new Error('it is empty')
    return nodeTLS().createSecureContext({
      cert: pair.cert,
      key: pair.key,
      ...(pair.passphrase === undefined ? {} : { passphrase: pair.passphrase }),
      minVersion,
      honorCipherOrder: true,
      // Without it OpenSSL refuses every resumed session of a client that was asked for its certificate.
      sessionIdContext: 'ropewalk',
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(clientCertificates === undefined ? {} : { ca: checkedRoots(clientCertificates.trustRoots) }),
    })
  } catch (cause) {
    throw new TLSConfigurationError(what, cause)
  }
}

/** A name or a wildcard in the form that clients send (RFC 6066 §3). */
function asSent(name: string): string {
  const wildcard = name.startsWith('*.') ? '*.' : ''
  return (wildcard + asciiHost(name.slice(wildcard.length))).toLowerCase()
}

/** The exact name first; then a wildcard, which stands for one label. */
function contextFor(byName: ReadonlyMap<string, SecureContext>, asked: string): SecureContext | undefined {
  // RFC 6066 §3: a name has no trailing dot; a client that sends one means the same name.
  const name = asked.toLowerCase().replace(/\.$/, '')
  return byName.get(name) ?? byName.get(name.replace(/^[^.]+/, '*'))
}

function serverNameOf(socket: TLSSocket): string | undefined {
  const { servername } = socket as { readonly servername?: string | false | null }
  return typeof servername === 'string' && servername !== '' ? servername : undefined
}

/** Why a client is refused for its certificate or the lack of one; undefined when it is not. */
function refusalOf(socket: TLSSocket, required: boolean): Error | undefined {
  if (peerCertificateOf(socket) === undefined) {
    return required ? new Error('The client sent no certificate') : undefined
  }
  // node:tls uses this check for its own servers. Without it no client can be verified.
  const { ssl } = socket as { readonly ssl?: { verifyError?(): Error | null } }
  if (ssl?.verifyError === undefined) return new Error("Cannot verify the client's certificate")
  return ssl.verifyError() ?? undefined
}

/** The files of a certificate and its key, and how often they are read again. */
export interface ServerTLSFiles extends Omit<ServerTLSOptions, 'cert' | 'key'> {
  /** The path of the certificate chain, PEM. */
  readonly certFile: string
  /** The path of its private key, PEM. */
  readonly keyFile: string
  /**
   * How often the files are read again, in milliseconds. The next connection gets a new certificate. Default:
   * never.
   */
  readonly reloadEveryMs?: number | undefined
  /** Ends the reloading when it is aborted. A stop of the reactor ends it too. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The server's side of TLS with a certificate from files, which may be replaced while it serves.
 *
 * When a later file cannot be read or used, that is logged, and the current certificate stays in use.
 *
 * @throws {Error} (rejects) with the system's error when a file cannot be read.
 * @throws {TypeError | RangeError} (rejects) when an option is unknown, of the wrong type or out of range; no
 *   file is read then.
 * @throws {TLSConfigurationError} (rejects) when the certificate or key cannot be used.
 */
export async function serverTLSFromFiles(
  reactor: ReactorCore & ReactorFiles & ReactorTime & ReactorLog,
  files: ServerTLSFiles,
): Promise<ServerTLS> {
  checkValue('serverTLSFromFiles', 'files', files, having('an object: { certFile, keyFile }'))
  checkOptions('serverTLSFromFiles', files, FILES_RULES)
  const { certFile, keyFile, reloadEveryMs, signal, ...options } = files
  checkValue('serverTLSFromFiles', 'certFile', certFile, path)
  checkValue('serverTLSFromFiles', 'keyFile', keyFile, path)
  const read = async (): Promise<KeyPair> => {
    const [cert, key] = await Promise.all([reactor.readFile(certFile), reactor.readFile(keyFile)])
    return { cert, key }
  }
  let shown = await read()
  const tls = new ServerTLS({ ...options, ...shown })
  const reload = async (): Promise<void> => {
    try {
      const found = await read()
      if (!isSame(found, shown)) tls.replace(found)
      shown = found
    } catch (error) {
      const text = 'Cannot reload a certificate; the current one stays in use'
      reactor.log({ level: 'error', text, label: certFile, error })
    }
    watch()
  }
  let next: DelayedCall | undefined
  let stopped = false
  const stop = (): void => {
    stopped = true
    if (next?.active()) next.cancel()
  }
  const watch = (): void => {
    if (reloadEveryMs !== undefined && !stopped) next = reactor.callLater(reloadEveryMs, reload)
  }
  if (reloadEveryMs !== undefined) reactor.addSystemEventTrigger('before', 'shutdown', stop)
  onAbort(signal, stop)
  watch()
  return tls
}

function isSame(one: KeyPair, other: KeyPair): boolean {
  return String(one.cert) === String(other.cert) && String(one.key) === String(other.key)
}

/**
 * Puts TLS under every connection of another factory. A protocol is built once the handshake is complete.
 * Unless `tls` names application protocols, those of that factory are offered.
 */
export class TLSFactory<P extends ProtocolEvents> extends ForwardingFactory<ProtocolEvents, P> {
  readonly #context: TLSContext

  /** @throws {TLSConfigurationError} when a certificate or key in the options cannot be used. */
  constructor(wrappedFactory: ProtocolFactory<P>, tls: TLSContext | ServerTLSOptions) {
    super(wrappedFactory)
    this.#context = ServerTLS.from(tls, wrappedFactory.acceptableProtocols)
  }

  override buildProtocol(_peer: Address): TLSHandshakeProtocol {
    return new TLSHandshakeProtocol(this.#context, {
      completed: (transport, session) => {
        const { reactor } = transport
        const protocol = buildProtocol(this.wrappedFactory, { peer: transport.getPeer(), session, reactor })
        if (protocol instanceof NoProtocol) refuseConnection(transport, protocol)
        else transport.switchProtocol(protocol)
      },
      failed: (transport, reason, protocol) => {
        // At debug level, because every port scan ends here.
        const connection = logConnection(transport, protocol)
        transport.reactor.log({ level: 'debug', text: 'A TLS handshake failed', connection, error: reason })
      },
    })
  }
}

const { cert: _fromFile, key: _fromFileToo, ...SHARED_RULES } = SERVER_TLS_RULES
const FILES_RULES: OptionRules<ServerTLSFiles> = {
  ...SHARED_RULES,
  certFile: path,
  keyFile: path,
  reloadEveryMs: milliseconds({ least: 1 }),
  signal: ABORT_SIGNAL,
}
