import { formatAddress, tcpAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { ProtocolFactory } from '../contracts/protocol-events.ts'
import type { ListeningPort } from '../contracts/reactor.ts'
import { CannotListenError, ConnectionRefusedError } from '../errors.ts'
import { accept } from '../transport/accept.ts'
import type { DialEvents, Dialling } from '../transport/stream-connector.ts'
import type { TransportHost } from '../transport/stream-transport.ts'
import { MemoryWire } from './memory-wire.ts'

/** The ports of one memory reactor, and the connections to them. Hosts are not told apart. */
export class MemoryNetwork {
  readonly #host: TransportHost
  readonly #open: Set<ListeningPort>
  readonly #ports = new Map<string, MemoryPort>()
  #lastPort = 49_151

  /** @param open Where ports that are open are listed. */
  constructor(host: TransportHost, open: Set<ListeningPort>) {
    this.#host = host
    this.#open = open
  }

  /** @throws {CannotListenError} (rejects) when the port is taken. */
  listen(asked: Address, factory: ProtocolFactory): Promise<ListeningPort> {
    const address =
      asked.type === 'TCP' && asked.port === 0 ? tcpAddress(asked.host, ++this.#lastPort) : asked
    const key = keyOf(address)
    if (this.#ports.has(key)) {
      const cause = Object.assign(new Error(`listen EADDRINUSE: ${formatAddress(address)}`), {
        code: 'EADDRINUSE',
      })
      return Promise.reject(new CannotListenError(address, cause))
    }
    const port = new MemoryPort(factory, address, () => {
      this.#ports.delete(key)
      this.#open.delete(port)
    })
    this.#ports.set(key, port)
    this.#open.add(port)
    factory.doStart()
    return Promise.resolve(port)
  }

  /** Connects to one of the ports, in a later turn. */
  dial(address: Address, events: DialEvents): Dialling {
    let wanted = true
    const turnEnded = (): void => {
      if (wanted) this.#connect(address, events)
    }
    this.#host.turn.schedule({ turnEnded })
    return { cancel: () => (wanted = false) }
  }

  #connect(address: Address, events: DialEvents): void {
    const port = this.#ports.get(keyOf(address))
    if (port === undefined)
      return events.dialFailed(new ConnectionRefusedError(address, 'nobody listens there'))
    const [clientWire, serverWire] = MemoryWire.pair(this.#host.turn)
    const clientAddress = address.type === 'UNIX' ? address : tcpAddress('127.0.0.1', ++this.#lastPort)
    const serverAddress = port.getHost()
    accept(this.#host, port.factory, {
      wire: serverWire,
      localAddress: serverAddress,
      peerAddress: clientAddress,
      attach: (transport) => serverWire.attach(transport),
    })
    events.dialled({
      wire: clientWire,
      localAddress: clientAddress,
      peerAddress: serverAddress,
      attach: (transport) => clientWire.attach(transport),
    })
  }
}

class MemoryPort implements ListeningPort {
  readonly factory: ProtocolFactory
  readonly #address: Address
  readonly #close: () => void
  #stopped: Promise<void> | undefined

  constructor(factory: ProtocolFactory, address: Address, close: () => void) {
    this.factory = factory
    this.#address = address
    this.#close = close
  }

  getHost(): Address {
    return this.#address
  }

  stopListening(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening()
  }

  async #stop(): Promise<void> {
    this.#close()
    await Promise.resolve()
    this.factory.doStop()
  }
}

function keyOf(address: Address): string {
  return address.type === 'UNIX' ? address.path : String(address.port)
}
