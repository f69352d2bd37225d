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
import { checkOptions, checkValue } from '../options/check-options.ts'
import { CLIENT_ENDPOINT, FACTORY, PROTOCOL } from '../options/object-rules.ts'
import { having, path as PATH, filledText } from '../options/option-rules.ts'
import { Factory } from '../protocol/factory.ts'
import { checkCancellable, onAbort } from '../time/cancellable.ts'
import { tlsOf } from '../tls/tls-rules.ts'
import { neverReady } from '../transport/build-protocol.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { CONNECT_TCP_RULES, CONNECT_UNIX_RULES, NODE_NAMES, PORT } from '../transport/transport-options.ts'

/** The options of one `connect`. */
export interface ConnectOptions {
  /** Cancels the attempt when aborted: the promise rejects with ConnectingCancelledError. */
  readonly signal?: AbortSignal | undefined
}

/** An address to connect to. */
export interface ClientEndpoint {
  /**
   * Connects; resolves with the protocol once its `connectionMade` has returned, and a promise that it
   * returned has settled. The factory's callbacks about connectors are not called: the caller decides about
   * another attempt.
   *
   * @throws {ConnectError} (rejects) when no connection could be made. A NoProtocol when the factory refuses
   *   or fails, or `connectionMade` fails; the cause is the error that was thrown.
   */
  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options?: ConnectOptions): Promise<P>
}

/** A TCP port to connect to, by name or address. */
export class TCPClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTCP
  readonly #host: string
  readonly #port: number
  readonly #options: ConnectTCPOptions

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
  constructor(reactor: ReactorTCP, host: string, port: number, options: ConnectTCPOptions = {}) {
    checkValue('TCPClientEndpoint', 'reactor', reactor, having('a reactor', 'connectTCP'))
    checkValue('TCPClientEndpoint', 'host', host, filledText)
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
    return attemptOnce({ address, factory, connect }, options)
  }
}

/** A TCP port with TLS from the first byte. */
export class SSLClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTLS
  readonly #host: string
  readonly #port: number
  readonly #tls: TLSContext | ClientTLSOptions
  readonly #options: ConnectTCPOptions

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
  constructor(
    reactor: ReactorTLS,
    host: string,
    port: number,
    tls: TLSContext | ClientTLSOptions = {},
    options: ConnectTCPOptions = {},
  ) {
    checkValue('SSLClientEndpoint', 'reactor', reactor, having('a reactor', 'connectSSL'))
    checkValue('SSLClientEndpoint', 'host', host, filledText)
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
    return attemptOnce({ address, factory, connect }, options)
  }
}

/** A UNIX socket to connect to. */
export class UNIXClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorUNIX
  readonly #path: string
  readonly #options: Omit<ConnectTCPOptions, 'bindAddress'>

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
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
    return attemptOnce({ address, factory, connect }, options)
  }
}

/**
 * Checks the arguments of an endpoint's `connect`.
 *
 * @throws {TypeError} when `factory` is not a factory, `signal` is not an AbortSignal, or another option is
 *   given, such as one of the endpoint itself.
 */
export function checkConnect(factory: ProtocolFactory, options: ConnectOptions): void {
  checkValue('connect', 'factory', factory, FACTORY)
  checkCancellable('connect', options)
}

interface Attempt<P extends ProtocolEvents> {
  /** The destination, for errors. */
  readonly address: Address
  readonly factory: ProtocolFactory<P>
  readonly connect: (factory: ProtocolFactory<P>) => Connector<P>
}

/** Connects, in one attempt. Never throws: an error that the reactor throws at the call rejects the promise. */
async function attemptOnce<P extends ProtocolEvents>(
  { address, factory, connect }: Attempt<P>,
  options: ConnectOptions,
): Promise<P> {
  checkConnect(factory, options)
  const { signal } = options
  let forget = (): void => undefined
  try {
    const connector = connect(new OneAttempt(factory))
    const whenConnected = connector.whenConnected()
    if (signal === undefined) return await whenConnected
    return await new Promise<P>((resolve, reject) => {
      whenConnected.then(resolve, reject)
      forget = onAbort(signal, () => {
        reject(new ConnectingCancelledError(address, 'the attempt was cancelled'))
        connector.disconnect()
      })
    })
  } catch (error) {
    throw attemptFailure(address, error)
  } finally {
    forget()
  }
}

/** Makes one attempt for a factory: the caller of `connect` decides about another. */
class OneAttempt<P extends ProtocolEvents> extends AttemptFactory<P> {
  override buildProtocol(peer: Address, session?: TLSSession): P | undefined {
    return this.wrappedFactory.buildProtocol(peer, session)
  }
}

/**
 * Connects one existing protocol; no factory is needed.
 *
 *     const client = await connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), new Client())
 *
 * @throws {TypeError} (rejects) when `endpoint` is not an endpoint or `protocol` is not a protocol.
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

/** The factory of one existing protocol. */
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
 * Converts `error` to what `connect` of an endpoint rejects with: a ConnectError for every failure of a
 * connection, also for one that a reactor throws at the call. Errors about the caller's arguments stay as
 * they are.
 *
 * @param address The destination of the connection.
 */
export function attemptFailure(address: Address, error: unknown): unknown {
  if (error instanceof ConnectionClosed) return neverReady(address, error)
  if (!(error instanceof Error) || error instanceof ConnectError || error instanceof TLSConfigurationError)
    return error
  const code = codeOf(error)
  // Node's own errors have a code, even if they are TypeErrors.
  if (code === 'ERR_INVALID_IP_ADDRESS')
    return new ConnectBindError(address, 'bindAddress is not a numeric address of this machine', error)
  const isMistake = error instanceof TypeError || error instanceof RangeError
  return isMistake && code === undefined ? error : new ConnectError(address, error.message, error)
}
