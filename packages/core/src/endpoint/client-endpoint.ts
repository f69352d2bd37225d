import type { Connector } from '../contracts/connector.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { ConnectTCPOptions, ReactorTCP, ReactorTLS, ReactorUNIX } from '../contracts/reactor.ts'
import type { ClientTLSOptions, TLSContext } from '../contracts/tls.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { CONNECT_TCP_RULES, CONNECT_UNIX_RULES, NODE_NAMES, PORT } from '../transport/connection-rules.ts'

/** How one connect behaves. */
export interface ConnectOptions {
  /** Gives the attempt up when aborted: the promise rejects with ConnectingCancelledError. */
  readonly signal?: AbortSignal
}

/** Somewhere to connect to. */
export interface ClientEndpoint {
  /**
   * Connects, and answers the protocol once its `connectionMade` has returned.
   *
   * @throws {ConnectError} (rejects) when no connection could be made.
   */
  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options?: ConnectOptions): Promise<P>
}

/** A TCP port to connect to, by name or address. */
export class TCPClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTCP
  readonly #host: string
  readonly #port: number
  readonly #options: ConnectTCPOptions

  constructor(reactor: ReactorTCP, host: string, port: number, options: ConnectTCPOptions = {}) {
    checkValue('TCPClientEndpoint', 'port', port, PORT)
    checkOptions('TCPClientEndpoint', options, CONNECT_TCP_RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#host = host
    this.#port = port
    this.#options = options
  }

  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options: ConnectOptions = {}): Promise<P> {
    return connected(this.#reactor.connectTCP(this.#host, this.#port, factory, this.#options), options)
  }
}

/** A TCP port where TLS is spoken from the first byte. */
export class SSLClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTLS
  readonly #host: string
  readonly #port: number
  readonly #tls: TLSContext | ClientTLSOptions
  readonly #options: ConnectTCPOptions

  constructor(
    reactor: ReactorTLS,
    host: string,
    port: number,
    tls: TLSContext | ClientTLSOptions = {},
    options: ConnectTCPOptions = {},
  ) {
    checkValue('SSLClientEndpoint', 'port', port, PORT)
    checkOptions('SSLClientEndpoint', options, CONNECT_TCP_RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#host = host
    this.#port = port
    this.#tls = tls
    this.#options = options
  }

  /** @throws {TLSConfigurationError} (rejects) when a certificate or key in the options cannot be used. */
  async connect<P extends ProtocolEvents>(
    factory: ProtocolFactory<P>,
    options: ConnectOptions = {},
  ): Promise<P> {
    const connector = this.#reactor.connectSSL(this.#host, this.#port, factory, this.#tls, this.#options)
    return connected(connector, options)
  }
}

/** A UNIX socket to connect to. */
export class UNIXClientEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorUNIX
  readonly #path: string
  readonly #options: Omit<ConnectTCPOptions, 'bindAddress'>

  constructor(reactor: ReactorUNIX, path: string, options: Omit<ConnectTCPOptions, 'bindAddress'> = {}) {
    checkOptions('UNIXClientEndpoint', options, CONNECT_UNIX_RULES)
    this.#reactor = reactor
    this.#path = path
    this.#options = options
  }

  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options: ConnectOptions = {}): Promise<P> {
    return connected(this.#reactor.connectUNIX(this.#path, factory, this.#options), options)
  }
}

async function connected<P extends ProtocolEvents>(
  connector: Connector<P>,
  { signal }: ConnectOptions,
): Promise<P> {
  const whenConnected = connector.whenConnected()
  if (signal === undefined) return whenConnected
  const cancel = (): void => {
    if (connector.state === 'connecting') connector.stopConnecting()
  }
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  try {
    return await whenConnected
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
