import { type Address, type TCPAddress, unixAddress, type UNIXAddress } from '../addresses.ts'
import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  ReactorDescriptors,
  ReactorTCP,
  ReactorTLS,
  ReactorUNIX,
} from '../interfaces/reactor.ts'
import type { ServerTLSOptions, TLSContext } from '../interfaces/tls.ts'
import { CannotListenError } from '../errors.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { count, having, path as PATH } from '../options/option-rules.ts'
import { tlsOf } from '../tls/tls-rules.ts'
import { LISTEN_TCP_RULES, LISTEN_UNIX_RULES, NODE_NAMES, PORT } from '../transport/connection-rules.ts'

/** Somewhere to listen. */
export interface ServerEndpoint<A extends Address = Address> {
  /** @throws {CannotListenError} (rejects) */
  listen(factory: ProtocolFactory): Promise<ListeningPort<A>>
}

/** A TCP port to listen on, 0 for any free one. */
export class TCPServerEndpoint implements ServerEndpoint<TCPAddress> {
  readonly #reactor: ReactorTCP
  readonly #port: number
  readonly #options: ListenTCPOptions

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
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

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
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

/** A TCP port where TLS is spoken from the first byte. */
export class SSLServerEndpoint implements ServerEndpoint<TCPAddress> {
  readonly #reactor: ReactorTLS
  readonly #port: number
  readonly #tls: TLSContext | ServerTLSOptions
  readonly #options: ListenTCPOptions

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
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

/** A listening socket that somebody else has opened, such as systemd. It can be listened on once. */
export class AdoptedStreamServerEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorDescriptors
  readonly #fd: number
  #used = false

  /** @throws {TypeError | RangeError} for an argument or an option that is not what it must be. */
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
