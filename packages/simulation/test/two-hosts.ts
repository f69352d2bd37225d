import { Protocol, type ConnectionClosed } from '@ropewalk/core'
import { OneProtocol } from './simulated-harness.ts'
import { Simulation, type SimulatedHost, type SimulationOptions } from '../src/index.ts'

/** A protocol that records what its callbacks receive. */
export class Noting extends Protocol {
  readonly losses: ConnectionClosed[] = []
  made = false
  #pieces: Buffer[] = []

  /** All bytes received. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** The sizes of the chunks received. */
  get sizes(): readonly number[] {
    return this.#pieces.map((piece) => piece.length)
  }

  override connectionMade(): void {
    this.made = true
  }

  override dataReceived(data: Buffer): void {
    this.#pieces.push(data)
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.losses.push(reason)
  }
}

/** A server that listens on port 7, and a client. */
export class TwoHosts {
  readonly sim: Simulation
  readonly server: SimulatedHost
  readonly client: SimulatedHost
  readonly served: Noting = new Noting()
  readonly asked: Noting = new Noting()

  constructor(options: Partial<SimulationOptions> = {}) {
    this.sim = new Simulation({ seed: 1, ...options })
    this.server = this.sim.host('server', (reactor) => reactor.listenTCP(7, new OneProtocol(this.served)))
    this.client = this.sim.host('client', () => undefined)
  }

  /** Returns two hosts whose connection is up. */
  static async connected(options: Partial<SimulationOptions> = {}): Promise<TwoHosts> {
    const hosts = new TwoHosts(options)
    await hosts.connect()
    return hosts
  }

  /** Returns two hosts whose connection the server has not accepted, because its program is paused. */
  static async unaccepted(): Promise<TwoHosts> {
    const hosts = new TwoHosts()
    await hosts.sim.run(1)
    hosts.server.pause()
    hosts.client.reactor.connectTCP('server', 7, new OneProtocol(hosts.asked))
    await hosts.sim.run(100)
    return hosts
  }

  /** Connects the client. */
  async connect(): Promise<void> {
    await this.sim.run(1)
    this.client.reactor.connectTCP('server', 7, new OneProtocol(this.asked))
    await this.sim.runUntil(() => this.asked.made && this.served.made)
  }
}
