import { Factory, type ProtocolEvents } from '@ropewalk/core'
import type { TransportHarness } from '@ropewalk/core/checks'
import type { LogEvent } from '@ropewalk/core/log'
import { Simulation } from '../src/index.ts'

/** A factory that always returns the same protocol. */
export class OneProtocol<P extends ProtocolEvents> extends Factory<P> {
  readonly #protocol: P

  constructor(protocol: P) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): P {
    return this.#protocol
  }
}

/** Connections between two simulated hosts. Virtual time passes continuously until `stop`. */
export class SimulatedHarness implements TransportHarness {
  readonly capabilities: TransportHarness['capabilities'] = new Set(['reset', 'backpressure'])
  readonly logged: LogEvent[] = []
  readonly #sim: Simulation
  readonly #hosts
  #lastPort = 1000
  #stopped = false

  constructor(seed: string | number) {
    this.#sim = new Simulation({
      seed,
      link: { latencyMs: [0.1, 0.5], bytesPerSecond: Infinity },
      // The checks are about transports; segmentation is tested elsewhere.
      limits: { cuts: 'none', segmentBytes: 32_768 },
    })
    // Some checks are about failing protocols, and look at what is logged themselves.
    this.#sim.expectError(/./, { least: 0 })
    const idle = (): undefined => undefined
    this.#hosts = { server: this.#sim.host('server', idle), client: this.#sim.host('client', idle) }
    for (const { reactor } of Object.values(this.#hosts))
      reactor.logPublisher.addObserver((event) => this.logged.push(event))
    void this.#drive()
  }

  connect: TransportHarness['connect'] = async (serverProtocol, clientProtocol) => {
    const { server, client } = this.#hosts
    const port = ++this.#lastPort
    await server.reactor.listenTCP(port, new OneProtocol(serverProtocol))
    client.reactor.connectTCP('server', port, new OneProtocol(clientProtocol))
    await this.until(() => serverProtocol.made && clientProtocol.made)
    return { server: serverProtocol.transport, client: clientProtocol.transport }
  }

  until: TransportHarness['until'] = async (condition) => {
    for (const end = this.#sim.nowMs + 100_000; !condition();) {
      if (this.#sim.nowMs > end) throw new Error(`The condition never held: ${String(condition)}`)
      // Some conditions are expensive, so they are checked only every 50 turns.
      for (let turns = 0; turns < 50; turns++) await turn()
    }
  }

  quiet: TransportHarness['quiet'] = async () => {
    for (const end = this.#sim.nowMs + 300; this.#sim.nowMs < end;) await turn()
  }

  advance(): void {}

  stop(): void {
    this.#stopped = true
  }

  async #drive(): Promise<void> {
    while (!this.#stopped) {
      await this.#sim.run(1)
      await turn()
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
