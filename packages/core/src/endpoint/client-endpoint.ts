import { type Address, tcpAddress, unixAddress } from '../addresses.ts'
import {
  codeOf,
  ConnectBindError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionClosed,
  LocalProtocolError,
  TLSConfigurationError,
} from '../errors.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ConnectTCPOptions, ReactorTCP, ReactorTLS, ReactorUNIX } from '../interfaces/reactor.ts'
import type { ClientTLSOptions, TLSContext, TLSSession } from '../interfaces/tls.ts'
import { checkOptions, checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, CLIENT_ENDPOINT, FACTORY, PROTOCOL } from '../options/object-rules.ts'
import { having, type OptionRules, path as PATH, text } from '../options/option-rules.ts'
import { Factory } from '../protocol/factory.ts'
import { tlsOf } from '../tls/tls-rules.ts'
import { notMade } from '../transport/build-protocol.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { CONNECT_TCP_RULES, CONNECT_UNIX_RULES, NODE_NAMES, PORT } from '../transport/transport-options.ts'

/** How one connect behaves. */
export interface ConnectOptions {
  /** Gives the attempt up when aborted: the promise rejects with ConnectingCancelledError. */
  readonly signal?: AbortSignal | undefined
}

/** Somewhere to connect to. */
export interface ClientEndpoint {
  /**
   * Connects; resolves with the protocol once its `connectionMade` has returned, and a promise that it returned has
   * settled. The factory's callbacks about connectors are not called: another attempt is the caller's to make.
   *
   * @throws {ConnectError} (rejects) when no connection could be made: a NoProtocol when the factory has refused it or
   *   failed, or `connectionMade` has, with what was thrown as its cause.
   */
  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options?: ConnectOptions): Promise<P>
}

/** A TCP port to connect to, by name or address. */
export class TCPClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTCP
  readonly #host: string
  readonly #port: number
  readonly #options: ConnectTCPOptions

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
  constructor(reactor: ReactorTCP, host: string, port: number, options: ConnectTCPOptions = {}) {
    checkValue('TCPClientEndpoint', 'reactor', reactor, having('a reactor', 'connectTCP'))
    checkValue('TCPClientEndpoint', 'host', host, text)
    checkValue('TCPClientEndpoint', 'port', port, PORT)
    checkOptions('TCPClientEndpoint', options, CONNECT_TCP_RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#host = host
    this.#port = port
    this.#options = options
  }

  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options: ConnectOptions = {}): Promise<P> {
    const address = tcpAddress(this.#host, this.#port)
    const connect = (attempt: ProtocolFactory<P>): Connector<P> =>
      this.#reactor.connectTCP(this.#host, this.#port, attempt, this.#options)
    return connected({ address, factory, connect }, options)
  }
}

/** A TCP port where TLS is spoken from the first byte. */
export class SSLClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTLS
  readonly #host: string
  readonly #port: number
  readonly #tls: TLSContext | ClientTLSOptions
  readonly #options: ConnectTCPOptions

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
  constructor(
    reactor: ReactorTLS,
    host: string,
    port: number,
    tls: TLSContext | ClientTLSOptions = {},
    options: ConnectTCPOptions = {},
  ) {
    checkValue('SSLClientEndpoint', 'reactor', reactor, having('a reactor', 'connectSSL'))
    checkValue('SSLClientEndpoint', 'host', host, text)
    checkValue('SSLClientEndpoint', 'port', port, PORT)
    checkValue('SSLClientEndpoint', 'tls', tls, tlsOf('client'))
    checkOptions('SSLClientEndpoint', options, CONNECT_TCP_RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#host = host
    this.#port = port
    this.#tls = tls
    this.#options = options
  }

  /** @throws {TLSConfigurationError} (rejects) when a certificate or key in the options cannot be used. */
  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options: ConnectOptions = {}): Promise<P> {
    const address = tcpAddress(this.#host, this.#port)
    const connect = (attempt: ProtocolFactory<P>): Connector<P> =>
      this.#reactor.connectSSL(this.#host, this.#port, attempt, this.#tls, this.#options)
    return connected({ address, factory, connect }, options)
  }
}

/** A UNIX socket to connect to. */
export class UNIXClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorUNIX
  readonly #path: string
  readonly #options: Omit<ConnectTCPOptions, 'bindAddress'>

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
  constructor(reactor: ReactorUNIX, path: string, options: Omit<ConnectTCPOptions, 'bindAddress'> = {}) {
    checkValue('UNIXClientEndpoint', 'reactor', reactor, having('a reactor', 'connectUNIX'))
    checkValue('UNIXClientEndpoint', 'path', path, PATH)
    checkOptions('UNIXClientEndpoint', options, CONNECT_UNIX_RULES)
    this.#reactor = reactor
    this.#path = path
    this.#options = options
  }

  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options: ConnectOptions = {}): Promise<P> {
    const address = unixAddress(this.#path)
    const connect = (attempt: ProtocolFactory<P>): Connector<P> =>
      this.#reactor.connectUNIX(this.#path, attempt, this.#options)
    return connected({ address, factory, connect }, options)
  }
}

/**
 * Checks what `connect` of an endpoint is given.
 *
 * @throws {TypeError} for what is no factory or no signal, and for an option that the endpoint itself takes.
 */
export function checkConnect(factory: ProtocolFactory, options: ConnectOptions): void {
  checkValue('connect', 'factory', factory, FACTORY)
  checkOptionsOrInstance('connect', options, CONNECT_RULES)
}

const CONNECT_RULES: OptionRules<ConnectOptions> = { signal: ABORT_SIGNAL }

interface Attempt<P extends ProtocolEvents> {
  /** Where to, for errors. */
  readonly address: Address
  readonly factory: ProtocolFactory<P>
  readonly connect: (factory: ProtocolFactory<P>) => Connector<P>
}

/** Rejects, never throws: what the reactor throws at the call too. */
async function connected<P extends ProtocolEvents>(
  { address, factory, connect }: Attempt<P>,
  options: ConnectOptions,
): Promise<P> {
  checkConnect(factory, options)
  const { signal } = options
  let cancel = (): void => undefined
  try {
    const connector = connect(new OneAttempt(factory))
    const whenConnected = connector.whenConnected()
    if (signal === undefined) return await whenConnected
    return await new Promise<P>((resolve, reject) => {
      whenConnected.then(resolve, reject)
      cancel = () => {
        reject(new ConnectingCancelledError(address, 'the attempt was cancelled'))
        connector.disconnect()
      }
      signal.addEventListener('abort', cancel, { once: true })
      if (signal.aborted) cancel()
    })
  } catch (error) {
    throw attemptFailure(address, error)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

/** One attempt for a factory: the caller of `connect` decides whether there is another. */
class OneAttempt<P extends ProtocolEvents> extends AttemptFactory<P> {
  override buildProtocol(peer: Address, session?: TLSSession): P | undefined {
    return this.wrappedFactory.buildProtocol(peer, session)
  }
}

/**
 * Connects one protocol that is there already, for whoever needs no factory.
 *
 *     const client = await connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), new Client())
 *
 * @throws {TypeError} (rejects) for what is no endpoint or no protocol.
 * @throws {ConnectError} (rejects) when no connection could be made.
 */
export async function connectProtocol<P extends ProtocolEvents>(
  endpoint: ClientEndpoint,
  protocol: P,
  options: ConnectOptions = {},
): Promise<P> {
  checkValue('connectProtocol', 'endpoint', endpoint, CLIENT_ENDPOINT)
  checkValue('connectProtocol', 'protocol', protocol, PROTOCOL)
  return endpoint.connect(new OneConnection(protocol), options)
}

class OneConnection<P extends ProtocolEvents> extends Factory<P> {
  #protocol: P | undefined

  constructor(protocol: P) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): P {
    const protocol = this.#protocol
    if (protocol === undefined) throw new LocalProtocolError('Cannot connect one protocol twice')
    this.#protocol = undefined
    return protocol
  }
}

/**
 * What `connect` of an endpoint rejects with: a ConnectError for all that goes wrong with a connection, also for what a
 * reactor throws at the call. Mistakes in the caller's arguments stay as they are.
 *
 * @param address Where the connection was to go.
 */
export function attemptFailure(address: Address, error: unknown): unknown {
  if (error instanceof ConnectionClosed) return notMade(address, error)
  if (!(error instanceof Error) || error instanceof ConnectError || error instanceof TLSConfigurationError)
    return error
  const code = codeOf(error)
  // Node's own errors have a code, also where they are TypeErrors.
  if (code === 'ERR_INVALID_IP_ADDRESS')
    return new ConnectBindError(address, 'bindAddress is no numeric address of this machine', error)
  const isMistake = error instanceof TypeError || error instanceof RangeError
  return isMistake && code === undefined ? error : new ConnectError(address, error.message, error)
}
