import {
  type AcceptOptions,
  type Address,
  type ListeningPort,
  type ProtocolFactory,
  tcpAddress,
  type Transport,
  unixAddress,
} from '@ropewalk/core'
import { Acceptor, type ConnectedWire, stopFactory } from '@ropewalk/core/reactor'
import type { HostKernel, ListenPort } from './host-kernel.ts'
import type { Endpoint, Segment } from './segment.ts'
import { SimulatedWire } from './simulated-wire.ts'
import { UNIX } from './tcp-stack.ts'

/** Where and how a port listens. */
export interface SimulatedPortSetup<A extends Address = Address> {
  readonly life: HostKernel
  readonly address: A
  readonly ipv6Only: boolean
  readonly factory: ProtocolFactory
  readonly backlog: number
  readonly accept: AcceptOptions
  /** Called with each accepted connection, instead of building a protocol for it. */
  readonly accepted?: (wire: ConnectedWire) => void
}

/** A listening port of a host, with its accept queue. */
export class SimulatedPort<A extends Address = Address> implements ListeningPort<A>, ListenPort {
  readonly factory: ProtocolFactory
  readonly endpoint: Endpoint
  readonly ipv6Only: boolean
  readonly #setup: SimulatedPortSetup<A>
  readonly #acceptor: Acceptor
  /** Connections whose handshake is in progress, or complete and not yet accepted. */
  #waiting = 0
  readonly #queue: Accepted[] = []
  #suspended = false
  #stopped: Promise<void> | undefined

  constructor(setup: SimulatedPortSetup<A>) {
    this.#setup = setup
    this.factory = setup.factory
    this.endpoint = endpointOf(setup.address)
    this.ipv6Only = setup.ipv6Only
    this.#acceptor = new Acceptor(setup.life.reactor.registry, setup.factory, setup.accept)
  }

  get connections(): ReadonlySet<Transport> {
    return this.#acceptor.connections
  }

  /** Whether the backlog has space for another connection. */
  get hasCapacity(): boolean {
    const { life, backlog } = this.#setup
    // As with Linux, one more than the backlog fits.
    return this.#waiting <= backlog && !life.host.backlogFull
  }

  getHost(): A {
    return this.#setup.address
  }

  /** A handshake begins. */
  opening(syn: Segment, peerHost: string): SimulatedWire {
    this.#waiting++
    const wire: SimulatedWire = new SimulatedWire(peerHost, this.#setup.life, {
      established: () =>
        this.#opened({ wire, ...this.#addressesOf(syn), attach: (events) => wire.attach(events) }),
      failed: () => void this.#waiting--,
    })
    return wire
  }

  async suspend(): Promise<void> {
    if (this.#suspended || this.#stopped !== undefined) return
    this.#suspended = true
    this.#setup.life.freePort(this)
  }

  async resume(): Promise<void> {
    if (!this.#suspended || this.#stopped !== undefined) return
    this.#setup.life.bindPort(this)
    this.#suspended = false
  }

  stopListening(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening()
  }

  /** Resets the connections that the program has not accepted, as a system does for a port that is closed. */
  resetQueue(): void {
    for (const { wire } of this.#queue.splice(0)) wire.connection?.abort()
  }

  /** The program accepts the connection once it runs. */
  #opened(accepted: Accepted): void {
    // As in a real TCP stack, a handshake that completes after the port was closed is reset.
    if (this.#suspended || this.#stopped !== undefined) {
      this.#waiting--
      return accepted.wire.abort()
    }
    const { life } = this.#setup
    this.#queue.push(accepted)
    life.execute(() => this.#accept())
  }

  /** As libuv does without a descriptor, it accepts the connection all the same, and closes it. */
  #accept(): void {
    const { life } = this.#setup
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#waiting--
      if (!life.takeDescriptor()) next.wire.connection?.close()
      else {
        life.endOpened(next.wire)
        if (this.#setup.accepted === undefined) this.#acceptor.accept(next)
        else this.#setup.accepted(next)
      }
    }
  }

  #addressesOf({ from, to }: Segment): Pick<ConnectedWire, 'localAddress' | 'peerAddress'> {
    const { address } = this.#setup
    // As with Node, the peer of a UNIX socket has no path.
    if (address.type === 'UNIX') return { localAddress: address, peerAddress: unixAddress('') }
    return { localAddress: tcpAddressOf(to), peerAddress: tcpAddressOf(from) }
  }

  async #stop(): Promise<void> {
    const { life } = this.#setup
    if (!this.#suspended) life.freePort(this)
    this.resetQueue()
    this.#acceptor.close()
    life.reactor.registry.portClosed(this)
    await Promise.resolve()
    stopFactory(this.factory, life.reactor)
  }
}

interface Accepted extends ConnectedWire {
  readonly wire: SimulatedWire
}

/** Returns the endpoint of an address. */
export function endpointOf(address: Address): Endpoint {
  return address.type === 'UNIX'
    ? { host: UNIX, port: address.path }
    : { host: address.host, port: address.port }
}

function tcpAddressOf({ host, port }: Endpoint): Address {
  return tcpAddress(host, Number(port))
}
