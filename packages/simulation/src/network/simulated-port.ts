import type { AcceptOptions, Address, ListeningPort, ProtocolFactory, Transport } from '@ropewalk/core'
import { Acceptor, contained, type ConnectedWire } from '@ropewalk/core/reactor'
import type { ListenPort, HostKernel } from './host-kernel.ts'
import type { ConnectionEnd } from './connection-end.ts'

/** Where and how a port listens. */
export interface SimulatedPortSetup<A extends Address = Address> {
  readonly life: HostKernel
  readonly address: A
  readonly factory: ProtocolFactory
  readonly backlog: number
  readonly accept: AcceptOptions
}

/** A listening port of a host, and those who wait to be accepted. */
export class SimulatedPort<A extends Address = Address> implements ListeningPort<A>, ListenPort {
  readonly factory: ProtocolFactory
  readonly #setup: SimulatedPortSetup<A>
  readonly #acceptor: Acceptor
  /** Those whose handshake is under way, or done and not accepted. */
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

  /** Whether another client may wait. */
  get hasCapacity(): boolean {
    const { life, backlog } = this.#setup
    return this.#waiting < backlog && !life.host.backlogFull
  }

  getHost(): A {
    return this.#setup.address
  }

  /** A handshake begins. */
  opening(): void {
    this.#waiting++
  }

  /** A handshake that began comes to nothing. */
  abandoned(): void {
    this.#waiting--
  }

  /** A handshake is done: accepted as soon as the program runs and has a descriptor. */
  opened(wire: ConnectedWire): void {
    // As systems do: who has stopped listening meanwhile knows no handshakes any more.
    if (this.#suspended || this.#stopped !== undefined) return this.#forget(wire)
    this.#queue.push(wire)
    this.accept()
  }

  /** Accepts those who wait, as far as descriptors allow. */
  accept(): void {
    const { life } = this.#setup
    life.execute(() => {
      while (this.#queue.length > 0 && life.takeDescriptor()) {
        const wire = this.#queue.shift()
        if (wire === undefined) return
        this.#waiting--
        // Wires of this network are ends of connections.
        life.endOpened(wire.wire as ConnectionEnd)
        this.#acceptor.accept(wire)
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
    const text = 'A factory failed to stop'
    void contained(
      () => this.factory.doStop(),
      (error) => life.reactor.log({ level: 'error', text, error }),
    )
  }
}
