import type { ProtocolFactory } from '../contracts/protocol-events.ts'
import type {
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  ReactorTCP,
  ReactorUNIX,
} from '../contracts/reactor.ts'

/** Somewhere to listen. */
export interface ServerEndpoint {
  /** @throws {CannotListenError} (rejects) */
  listen(factory: ProtocolFactory): Promise<ListeningPort>
}

/** A TCP port to listen on, 0 for any free one. */
export class TCPServerEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorTCP
  readonly #port: number
  readonly #options: ListenTCPOptions

  constructor(reactor: ReactorTCP, port: number, options: ListenTCPOptions = {}) {
    this.#reactor = reactor
    this.#port = port
    this.#options = options
  }

  listen(factory: ProtocolFactory): Promise<ListeningPort> {
    return this.#reactor.listenTCP(this.#port, factory, this.#options)
  }
}

/** A UNIX socket to listen on. */
export class UNIXServerEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorUNIX
  readonly #path: string
  readonly #options: ListenUNIXOptions

  constructor(reactor: ReactorUNIX, path: string, options: ListenUNIXOptions = {}) {
    this.#reactor = reactor
    this.#path = path
    this.#options = options
  }

  listen(factory: ProtocolFactory): Promise<ListeningPort> {
    return this.#reactor.listenUNIX(this.#path, factory, this.#options)
  }
}
