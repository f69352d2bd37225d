import { type Address, unixAddress } from '../addresses.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ListeningPort, ReactorLog, ReactorStandardIO } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { CannotListenError, NoProtocol } from '../errors.ts'
import { buildProtocol } from '../transport/build-protocol.ts'
import { giveConnection, type Made, whenMade } from '../transport/when-made.ts'
import type { ServerEndpoint } from './server-endpoint.ts'

/** The process's stdin and stdout, as the one connection of a server: for what inetd or a pipe runs. */
export class StandardIOEndpoint implements ServerEndpoint {
  readonly #reactor: ReactorStandardIO & ReactorLog

  constructor(reactor: ReactorStandardIO & ReactorLog) {
    this.#reactor = reactor
  }

  /**
   * Builds a protocol, and connects it at once; resolves when its `connectionMade` has returned.
   *
   * @throws {CannotListenError} (rejects) with the NoProtocol as its cause when the factory has refused or failed, or
   *   `connectionMade` has.
   */
  async listen(factory: ProtocolFactory): Promise<ListeningPort> {
    const address = unixAddress('')
    try {
      await factory.doStart()
      const protocol = buildProtocol(factory, { peer: address, reactor: this.#reactor })
      if (protocol instanceof NoProtocol) throw protocol
      const opening = new Opening(protocol)
      const transport = this.#reactor.standardIO(opening)
      await whenMade(opening.made ?? { protocol, transport, making: undefined }, address)
      return new StandardIOPort(factory, transport)
    } catch (cause) {
      await factory.doStop()
      throw new CannotListenError(address, cause)
    }
  }
}

/** Stands before the protocol, to know when that is made. */
class Opening implements ProtocolEvents {
  readonly #protocol: ProtocolEvents
  made: Made<ProtocolEvents> | undefined

  constructor(protocol: ProtocolEvents) {
    this.#protocol = protocol
  }

  makeConnection(transport: Transport): void {
    this.made = giveConnection(transport, this.#protocol)
  }

  dataReceived(): void {}

  connectionLost(): void {}
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
