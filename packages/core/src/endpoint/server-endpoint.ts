import { type Address, type TCPAddress, unixAddress, type UNIXAddress } from '../addresses.ts'
import { CannotListenError, NoProtocol } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  ReactorDescriptors,
  ReactorLog,
  ReactorStandardIO,
  ReactorTCP,
  ReactorTLS,
  ReactorUNIX,
} from '../interfaces/reactor.ts'
import type { ServerTLSOptions, TLSContext } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { count, having, path as PATH } from '../options/option-rules.ts'
import { tlsOf } from '../tls/tls-rules.ts'
import { buildProtocol, switchTo, type StartedConnection, whenReady } from '../transport/build-protocol.ts'
import { LISTEN_TCP_RULES, LISTEN_UNIX_RULES, NODE_NAMES, PORT } from '../transport/transport-options.ts'

/** An address to listen on. */
export interface ServerEndpoint<A extends Address = Address> {
  /** @throws {CannotListenError} (rejects) when the address cannot be listened on. */
  listen(factory: ProtocolFactory): Promise<ListeningPort<A>>
}

/** A TCP port to listen on, 0 for any free one. */
export class TCPServerEndpoint implements ServerEndpoint<TCPAddress> {
  readonly #reactor: ReactorTCP
  readonly #port: number
  readonly #options: ListenTCPOptions

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
  constructor(reactor: ReactorTCP, port: number, options: ListenTCPOptions = {}) {
    checkValue('TCPServerEndpoint', 'reactor', reactor, having('a reactor', 'listenTCP'))
    checkValue('TCPServerEndpoint', 'port', port, PORT)
    checkOptions('TCPServerEndpoint', options, LISTEN_TCP_RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#port = port
    this.#options = options
  }

  listen(factory: ProtocolFactory): Promise<ListeningPort<TCPAddress>> {
    return this.#reactor.listenTCP(this.#port, factory, this.#options)
  }
}

/** A UNIX socket to listen on. */
export class UNIXServerEndpoint implements ServerEndpoint<UNIXAddress> {
  readonly #reactor: ReactorUNIX
  readonly #path: string
  readonly #options: ListenUNIXOptions

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
  constructor(reactor: ReactorUNIX, path: string, options: ListenUNIXOptions = {}) {
    checkValue('UNIXServerEndpoint', 'reactor', reactor, having('a reactor', 'listenUNIX'))
    checkValue('UNIXServerEndpoint', 'path', path, PATH)
    checkOptions('UNIXServerEndpoint', options, LISTEN_UNIX_RULES)
    this.#reactor = reactor
    this.#path = path
    this.#options = options
  }

  listen(factory: ProtocolFactory): Promise<ListeningPort<UNIXAddress>> {
    return this.#reactor.listenUNIX(this.#path, factory, this.#options)
  }
}

/** A TCP port with TLS from the first byte. */
export class SSLServerEndpoint implements ServerEndpoint<TCPAddress> {
  readonly #reactor: ReactorTLS
  readonly #port: number
  readonly #tls: TLSContext | ServerTLSOptions
  readonly #options: ListenTCPOptions

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
  constructor(
    reactor: ReactorTLS,
    port: number,
    tls: TLSContext | ServerTLSOptions,
    options: ListenTCPOptions = {},
  ) {
    checkValue('SSLServerEndpoint', 'reactor', reactor, having('a reactor', 'listenSSL'))
    checkValue('SSLServerEndpoint', 'port', port, PORT)
    checkValue('SSLServerEndpoint', 'tls', tls, tlsOf('server'))
    checkOptions('SSLServerEndpoint', options, LISTEN_TCP_RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#port = port
    this.#tls = tls
    this.#options = options
  }

  /** @throws {TLSConfigurationError} (rejects) when a certificate or key in the options cannot be used. */
  listen(factory: ProtocolFactory): Promise<ListeningPort<TCPAddress>> {
    return this.#reactor.listenSSL(this.#port, factory, this.#tls, this.#options)
  }
}

/** A listening socket that another program, such as systemd, has opened. It can be listened on once. */
export class AdoptedStreamServerEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorDescriptors
  readonly #fd: number
  #used = false

  /** @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value. */
  constructor(reactor: ReactorDescriptors, fd: number) {
    checkValue('AdoptedStreamServerEndpoint', 'reactor', reactor, having('a reactor', 'adoptStreamPort'))
    checkValue('AdoptedStreamServerEndpoint', 'fd', fd, count())
    this.#reactor = reactor
    this.#fd = fd
  }

  async listen(factory: ProtocolFactory): Promise<ListeningPort> {
    if (this.#used)
      throw new CannotListenError(unixAddress(`/dev/fd/${this.#fd}`), new Error('it was adopted already'))
    this.#used = true
    return this.#reactor.adoptStreamPort(this.#fd, factory)
  }
}

/** The process's stdin and stdout as the only connection of a server, as under inetd or in a pipe. */
export class StandardIOEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorStandardIO & ReactorLog

  constructor(reactor: ReactorStandardIO & ReactorLog) {
    this.#reactor = reactor
  }

  /**
   * Builds a protocol, and connects it at once; resolves when its `connectionMade` has returned.
   *
   * @throws {CannotListenError} (rejects) with the NoProtocol as its cause when the factory refuses or fails,
   *   or `connectionMade` fails.
   */
  async listen(factory: ProtocolFactory): Promise<ListeningPort> {
    const address = unixAddress('')
    try {
      await factory.doStart()
      const protocol = buildProtocol(factory, { peer: address, reactor: this.#reactor })
      if (protocol instanceof NoProtocol) throw protocol
      const first = new FirstProtocol(protocol)
      const transport = this.#reactor.standardIO(first)
      // If the switch to the protocol threw, the connection is aborted, and `whenReady` rejects.
      await whenReady(first.started ?? { protocol, transport, settled: undefined }, address)
      return new StandardIOPort(factory, transport)
    } catch (cause) {
      await factory.doStop()
      throw new CannotListenError(address, cause)
    }
  }
}

/** Switches the connection to the actual protocol, and keeps when its `connectionMade` has settled. */
class FirstProtocol implements ProtocolEvents {
  readonly #protocol: ProtocolEvents
  started: StartedConnection<ProtocolEvents> | undefined

  constructor(protocol: ProtocolEvents) {
    this.#protocol = protocol
  }

  makeConnection(transport: Transport): void {
    this.started = switchTo(transport, this.#protocol)
  }

  dataReceived(): void {}

  connectionLost(): void {}
}

/** A port with one connection, which was made before the port. There are no others to suspend. */
class StandardIOPort implements ListeningPort {
  readonly factory: ProtocolFactory
  readonly #transport: Transport
  #stopped = false

  constructor(factory: ProtocolFactory, transport: Transport) {
    this.factory = factory
    this.#transport = transport
  }

  get connections(): ReadonlySet<Transport> {
    return new Set(this.#transport.connected ? [this.#transport] : [])
  }

  getHost(): Address {
    return this.#transport.getHost()
  }

  async suspend(): Promise<void> {}

  async resume(): Promise<void> {}

  async stopListening(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await this.factory.doStop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening()
  }
}
