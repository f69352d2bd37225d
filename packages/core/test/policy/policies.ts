import { type AcceptOptions, Factory, type ListeningPort } from '../../src/index.ts'
import { leftovers, MemoryReactor } from '../../src/testing.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'

/** A server in memory with a port that has `options`, and its clients. */
export class PolicedServer {
  readonly reactor: MemoryReactor = new MemoryReactor()
  readonly served: Recorder[] = []
  #port: ListeningPort | undefined

  /** Listens on port 80 with an echo protocol. */
  static async listen(
    options: AcceptOptions | ((reactor: MemoryReactor) => AcceptOptions),
  ): Promise<PolicedServer> {
    const server = new PolicedServer()
    const { served, reactor } = server
    const factory = new (class extends Factory<Echo> {
      override buildProtocol(): Echo {
        const echo = new Echo()
        served.push(echo)
        return echo
      }
    })()
    server.#port = await reactor.listenTCP(
      80,
      factory,
      typeof options === 'function' ? options(reactor) : options,
    )
    return server
  }

  /** The port it listens on. */
  get port(): ListeningPort {
    if (this.#port === undefined) throw new Error('The server does not listen yet')
    return this.#port
  }

  /** Stops the port and returns what the reactor still holds. */
  async leftovers(): Promise<string[]> {
    await this.port.stopListening()
    await this.reactor.settle()
    return leftovers(this.reactor)
  }

  /** Connects a client. */
  connect(client: Recorder = new Recorder()): Recorder {
    this.reactor.connectTCP('localhost', 80, new OneProtocol(client))
    this.reactor.pump()
    return client
  }
}
