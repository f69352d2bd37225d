import { unixAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { ProtocolFactory } from '../contracts/protocol-events.ts'
import type { ListeningPort, ReactorStandardIO } from '../contracts/reactor.ts'
import type { Transport } from '../contracts/transport.ts'
import { CannotListenError } from '../errors.ts'
import type { ServerEndpoint } from './server-endpoint.ts'

/** The process's stdin and stdout, as the one connection of a server: for what inetd or a pipe runs. */
export class StandardIOEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorStandardIO

  constructor(reactor: ReactorStandardIO) {
    this.#reactor = reactor
  }

  /** Builds a protocol, and connects it at once. */
  async listen(factory: ProtocolFactory): Promise<ListeningPort> {
    const address = unixAddress('')
    try {
      await factory.doStart()
      const protocol = factory.buildProtocol(address)
      if (protocol === undefined) throw new Error('its factory refused the connection')
      return new StandardIOPort(factory, this.#reactor.standardIO(protocol))
    } catch (cause) {
      await factory.doStop()
      throw new CannotListenError(address, cause)
    }
  }
}

/** A port that has had its only connection. */
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
