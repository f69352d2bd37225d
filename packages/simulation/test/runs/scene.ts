import { ClientFactory, type Connector, type ProtocolEvents } from '@ropewalk/core'
import { type ConnectionPolicy, IdleTimeout } from '@ropewalk/core/policies'
import type { TLSContext } from '@ropewalk/core/tls'
import type { FaultKind, HostReactor, Simulation } from '../../src/index.ts'
import { Witness } from './invariants.ts'

/** The hosts of a run, and the faults that happen to them. */
export interface SceneSetup {
  /** The program of the host `server`. */
  readonly serve: (reactor: HostReactor, scene: Scene) => unknown
  /** The program of each client. */
  readonly call: (reactor: HostReactor, scene: Scene) => unknown
  /** The programs of further hosts, by their names. */
  readonly others?: Readonly<Record<string, SceneSetup['call']>>
  /** How many client hosts there are. Default 3. */
  readonly clients?: number
  /** The kinds of faults. Default: every kind. */
  readonly kinds?: readonly FaultKind[]
}

/** How a client connects. */
export interface ConnectOptions {
  /** Policies in addition to those of the scene. */
  readonly policies?: readonly ConnectionPolicy[]
  /** Connects with TLS. Default: without. */
  readonly tls?: TLSContext
  /** The host connected to. Default `server`. */
  readonly to?: string
}

/** A server and its clients on a network that misbehaves, and the witness that checks them. */
export class Scene {
  readonly sim: Simulation
  readonly witness: Witness
  /**
   * For every port and connector. `IdleTimeout` ends connections whose peer is gone without a FIN or reset.
   */
  readonly policies: readonly ConnectionPolicy[]

  private constructor(sim: Simulation) {
    this.sim = sim
    this.witness = new Witness(sim)
    this.policies = [this.witness, new IdleTimeout(60_000)]
  }

  /** Whether no fault was planned; then every client must have succeeded. */
  get isCalm(): boolean {
    return this.sim.script.length === 0
  }

  /**
   * Runs a scene: faults at first, a long time without faults, then a stop of all hosts.
   *
   * @throws {Error} (rejects) with the first violation that the witness found.
   */
  static async play(
    sim: Simulation,
    { serve, call, others = {}, clients = 3, kinds }: SceneSetup,
  ): Promise<Scene> {
    const scene = new Scene(sim)
    const host = (name: string, program: SceneSetup['call']): void => {
      sim.host(name, async (reactor) => {
        void reactor.run({ installSignalHandlers: false })
        await program(reactor, scene)
      })
    }
    host('server', serve)
    for (const [name, program] of Object.entries(others)) host(name, program)
    for (let at = 0; at < clients; at++) host(`client${at}`, call)
    sim.injectFaults({ withinMs: 5000, most: 8, ...(kinds === undefined ? {} : { kinds }) })
    await sim.run(300_000)
    scene.witness.expectNothingUnderWay()
    await scene.witness.drain(5000)
    scene.witness.hold()
    return scene
  }

  /** Connects a watched protocol to the server. The attempt may fail, because of faults. */
  connect(
    reactor: HostReactor,
    port: number,
    protocol: ProtocolEvents,
    { policies = [], tls, to = 'server' }: ConnectOptions = {},
  ): Connector {
    const watched = this.witness.watch(protocol)
    const options = { policies: [...this.policies, ...policies] }
    const factory = new (class extends ClientFactory {
      override buildProtocol(): ProtocolEvents {
        return watched
      }
    })()
    if (tls === undefined) return reactor.connectTCP(to, port, factory, options)
    return reactor.connectSSL(to, port, factory, tls, options)
  }
}
