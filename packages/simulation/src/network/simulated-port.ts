import type { AcceptOptions, Address, ListeningPort, ProtocolFactory, Transport } from '@ropewalk/core'
import { Acceptor, type ConnectedWire, stopFactory } from '@ropewalk/core/reactor'
import type { SimulatedWire } from './simulated-wire.ts'
import type { HostKernel, ListenPort } from './host-kernel.ts'

/** Where and how a port listens. */
export interface SimulatedPortSetup<A extends Address = Address> {
  readonly life: HostKernel
  readonly address: A
  readonly factory: ProtocolFactory
  readonly backlog: number
  readonly accept: AcceptOptions
  /** Called with each accepted connection, instead of building a protocol for it. */
  readonly accepted?: (wire: ConnectedWire) => void
}

/** A listening port of a host, with its accept queue. */
export class SimulatedPort<A extends Address = Address> implements ListeningPort<A>, ListenPort {
  readonly factory: ProtocolFactory
  readonly #setup: SimulatedPortSetup<A>
  readonly #acceptor: Acceptor
  /** Connections whose handshake is in progress, or complete and not yet accepted. */
  #waiting = 0
  readonly #queue: ConnectedWire[] = []
  #suspended = false
  #stopped: Promise<void> | undefined

  constructor(setup: SimulatedPortSetup<A>) {
    this.#setup = setup
    this.factory = setup.factory
    this.#acceptor = new Acceptor(setup.life.reactor.registry, setup.factory, setup.accept)
  }

  get connections(): ReadonlySet<Transport> {
    return this.#acceptor.connections
  }

  /** Whether the backlog has space for another connection. */
  get hasCapacity(): boolean {
    const { life, backlog } = this.#setup
    return this.#waiting < backlog && !life.host.backlogFull
  }

  getHost(): A {
    return this.#setup.address
  }

  /** A handshake has begun. */
  opening(): void {
    this.#waiting++
  }

  /** A handshake that began was abandoned. */
  abandoned(): void {
    this.#waiting--
  }

  /** A handshake is complete: the connection is accepted once the program runs and has a free descriptor. */
  opened(wire: ConnectedWire): void {
    // As in a real TCP stack, a handshake that completes after the port was closed is reset.
    if (this.#suspended || this.#stopped !== undefined) return this.#forget(wire)
    this.#queue.push(wire)
    this.accept()
  }

  /** Accepts queued connections, as far as free descriptors allow. */
  accept(): void {
    const { life } = this.#setup
    life.execute(() => {
      while (this.#queue.length > 0 && life.takeDescriptor()) {
        const wire = this.#queue.shift()
        if (wire === undefined) return
        this.#waiting--
        // Wires of this network are ends of connections.
        life.endOpened(wire.wire as SimulatedWire)
        if (this.#setup.accepted === undefined) this.#acceptor.accept(wire)
        else this.#setup.accepted(wire)
      }
    })
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

  #forget({ wire }: ConnectedWire): void {
    this.#waiting--
    wire.abort()
  }

  async #stop(): Promise<void> {
    const { life } = this.#setup
    if (!this.#suspended) life.freePort(this)
    for (const { wire } of this.#queue.splice(0)) wire.abort()
    this.#acceptor.close()
    life.reactor.registry.portClosed(this)
    await Promise.resolve()
    stopFactory(this.factory, life.reactor)
  }
}
