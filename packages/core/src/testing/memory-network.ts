import { type Address, formatAddress, tcpAddress } from '../addresses.ts'
import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { AcceptOptions, ListeningPort } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectedWire } from '../interfaces/wire.ts'
import { CannotListenError, ConnectionRefusedError } from '../errors.ts'
import type { ReactorLifecycle } from '../reactor/reactor-lifecycle.ts'
import { Acceptor } from '../transport/acceptor.ts'
import type { DialEvents, ConnectAttempt } from '../transport/stream-connector.ts'
import { MemoryWire } from './memory-wire.ts'
import { startFactory, stopFactory } from '../transport/build-protocol.ts'

/** The ports of one memory reactor, and the connections to them. Hosts are not distinguished. */
export class MemoryNetwork {
  readonly #registry: ReactorLifecycle
  readonly #ports = new Map<string, MemoryPort>()
  #lastPort = 49_151

  constructor(registry: ReactorLifecycle) {
    this.#registry = registry
  }

  /** @throws {CannotListenError} (rejects) when the port is taken, or the reactor is stopping. */
  async listen<A extends Address>(
    asked: A,
    factory: ProtocolFactory,
    options: AcceptOptions = {},
  ): Promise<ListeningPort<A>> {
    const address = this.#withFreePort(asked)
    const key = keyOf(address)
    if (this.#ports.has(key)) throw new CannotListenError(address, addressInUse(address))
    if (this.#registry.stopping) throw new CannotListenError(address, new Error('the reactor is stopping'))
    startFactory(factory, this.#registry.reactor)
    const port: MemoryPort<A> = new MemoryPort(this.#registry, factory, options, {
      address,
      bind: () => {
        if (this.#ports.has(key)) throw new CannotListenError(address, addressInUse(address))
        this.#ports.set(key, port)
      },
      free: () => this.#ports.delete(key),
    })
    this.#ports.set(key, port)
    this.#registry.portOpened(port)
    return port
  }

  #withFreePort<A extends Address>(asked: A): A {
    const isAny = asked.type === 'TCP' && asked.port === 0
    return isAny ? (tcpAddress(asked.host, ++this.#lastPort) as A) : asked
  }

  /** Connects to a port, in a later turn. */
  dial(address: Address, events: DialEvents): ConnectAttempt {
    let wanted = true
    const turnEnded = (): void => {
      if (wanted) this.#connect(address, events)
    }
    this.#registry.turn.schedule({ turnEnded })
    return { cancel: () => (wanted = false) }
  }

  #connect(address: Address, events: DialEvents): void {
    const port = this.#ports.get(keyOf(address))
    if (port === undefined)
      return events.failed(new ConnectionRefusedError(address, 'no program listens there'))
    const [clientWire, serverWire] = MemoryWire.pair(this.#registry.turn)
    const clientAddress = address.type === 'UNIX' ? address : tcpAddress('127.0.0.1', ++this.#lastPort)
    const serverAddress = port.getHost()
    port.accept({
      wire: serverWire,
      localAddress: serverAddress,
      peerAddress: clientAddress,
      attach: (transport) => serverWire.attach(transport),
    })
    events.connected({
      wire: clientWire,
      localAddress: clientAddress,
      peerAddress: serverAddress,
      attach: (transport) => clientWire.attach(transport),
    })
  }
}

interface MemoryBinding<A extends Address> {
  readonly address: A
  /** Adds the port to the network. */
  bind(): void
  /** Removes the port from the network. */
  free(): void
}

class MemoryPort<A extends Address = Address> implements ListeningPort<A> {
  readonly factory: ProtocolFactory
  readonly #registry: ReactorLifecycle
  readonly #binding: MemoryBinding<A>
  readonly #acceptor: Acceptor
  #suspended = false
  #stopped: Promise<void> | undefined

  constructor(
    registry: ReactorLifecycle,
    factory: ProtocolFactory,
    options: AcceptOptions,
    binding: MemoryBinding<A>,
  ) {
    this.#registry = registry
    this.factory = factory
    this.#binding = binding
    this.#acceptor = new Acceptor(registry, factory, options)
  }

  get connections(): ReadonlySet<Transport> {
    return this.#acceptor.connections
  }

  accept(accepted: ConnectedWire): void {
    this.#acceptor.accept(accepted)
  }

  getHost(): A {
    return this.#binding.address
  }

  async suspend(): Promise<void> {
    if (this.#suspended || this.#stopped !== undefined) return
    this.#suspended = true
    this.#binding.free()
  }

  async resume(): Promise<void> {
    if (!this.#suspended || this.#stopped !== undefined) return
    this.#binding.bind()
    this.#suspended = false
  }

  stopListening(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening()
  }

  async #stop(): Promise<void> {
    if (!this.#suspended) this.#binding.free()
    this.#acceptor.close()
    this.#registry.portClosed(this)
    await Promise.resolve()
    stopFactory(this.factory, this.#registry.reactor)
  }
}

function addressInUse(address: Address): Error {
  return Object.assign(new Error(`listen EADDRINUSE: ${formatAddress(address)}`), { code: 'EADDRINUSE' })
}

function keyOf(address: Address): string {
  return address.type === 'UNIX' ? address.path : String(address.port)
}
