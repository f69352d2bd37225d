import {
  ClientFactory,
  IdleTimeout,
  type ConnectionPolicy,
  type Connector,
  type ProtocolEvents,
  type TLSContext,
} from '@ropewalk/core'
import type { FaultKind, HostReactor, Simulation } from '../../src/index.ts'
import { Witness } from './invariants.ts'

/** Who is in a run, and what happens to them. */
export interface SceneSetup {
  /** The program of the host `server`. */
  readonly serve: (reactor: HostReactor, scene: Scene) => unknown
  /** The program of each client. */
  readonly call: (reactor: HostReactor, scene: Scene) => unknown
  /** The programs of further hosts, by their names. */
  readonly others?: Readonly<Record<string, SceneSetup['call']>>
  /** Default 3. */
  readonly clients?: number
  /** Default: every kind. */
  readonly kinds?: readonly FaultKind[]
}

/** How a client connects. */
export interface ConnectOptions {
  /** Besides those of every connection. */
  readonly policies?: readonly ConnectionPolicy[]
  /** Default: none. */
  readonly tls?: TLSContext
  /** The host connected to. Default `server`. */
  readonly to?: string
}

/** A server and its clients on a network that misbehaves, and who watches them. */
export class Scene {
  readonly sim: Simulation
  readonly witness: Witness
  /** For every port and connector: who finds its peer gone by silence alone is asked for by a policy. */
  readonly policies: readonly ConnectionPolicy[]

  private constructor(sim: Simulation) {
    this.sim = sim
    this.witness = new Witness(sim)
    this.policies = [this.witness, new IdleTimeout(60_000)]
  }

  /** Whether nothing stood in the way: then all that was wanted must have come about. */
  get isCalm(): boolean {
    return this.sim.script.length === 0
  }

  /** Plays a scene to its end: faults, a long time without, then everybody is stopped. @throws {Error} (rejects) */
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

  /** Connects a protocol to the server, watched. Whether it gets there is the network's to say. */
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
