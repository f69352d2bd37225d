import {
  type Connector,
  type ConnectTCPOptions,
  type ListeningPort,
  type ListenTCPOptions,
  type ProtocolFactory,
  type Reactor,
  type TCPAddress,
} from '@ropewalk/core'
import { Journal } from './journal.ts'
import type { ProgramName } from './programs.ts'
import { type Conduct, type Witness, Witnesses } from './witness.ts'

/** A small program over the reactors of a place. It records what its protocols see. */
export interface Script {
  readonly name: string
  /** Whether both reactors must be on one machine, or on two. Default: that does not matter. */
  readonly machines?: 1 | 2
  /** Whether it waits for a second or more on the loopback interface. */
  readonly isSlow?: boolean
  play(place: Place): Promise<void>
}

/** A program that runs beside a script, in a process of its own. */
export interface Program {
  readonly host: string
  readonly port: number
  /** What it has reported. */
  readonly seen: readonly string[]
  /** Ends it as SIGKILL does. Resolves when it has ended. */
  kill(): Promise<void>
  /** Starts it again after it was killed. Resolves when it has reported something. */
  again(): Promise<void>
  /** Stops it as SIGSTOP does. */
  suspend(): void
  /** Lets it go on. */
  goOn(): void
}

/** What a program is started with. */
export interface ProgramOptions {
  /** Most descriptors that it may have. */
  readonly maxDescriptors?: number
  /** Where it listens, instead of at an address. */
  readonly path?: string
}

/** Both ends of a connection. */
export interface Pair {
  readonly server: Witness
  readonly client: Witness
  readonly connector: Connector<Witness>
  readonly port: ListeningPort<TCPAddress>
}

/** How `pair` makes a connection. */
export interface PairOptions {
  readonly server?: Conduct
  readonly client?: Conduct
  readonly listen?: ListenTCPOptions
  readonly connect?: ConnectTCPOptions
}

/** Where a script runs: the loopback interface, or a simulation. */
export abstract class Place {
  readonly journal: Journal = new Journal()
  abstract readonly server: Reactor
  abstract readonly client: Reactor
  /** The address at which the client reaches the server. */
  abstract readonly address: string
  /** The same for IPv6. */
  abstract readonly address6: string
  /** The address of the client. */
  abstract readonly clientAddress: string

  /** Resolves when `condition` returns true. */
  abstract until(condition: () => boolean): Promise<void>
  /** Resolves when everything sent before has arrived, and the programs have handled it. */
  abstract settle(): Promise<void>
  /** Returns a path for a UNIX socket, which no file has. */
  abstract path(): string
  /** Leaves the file of a UNIX socket at `path`, as a program that was killed does. */
  abstract leaveSocketFile(path: string): Promise<void>
  /** Starts a program in a process of its own. Resolves when it listens. */
  abstract start(name: ProgramName, options?: ProgramOptions): Promise<Program>

  /** Stops a port at the end of the script. */
  abstract keep(port: { stopListening(): Promise<void> }): void

  /** Listens at a free port of the server, and names it. */
  async listen(
    factory: ProtocolFactory,
    options: ListenTCPOptions = {},
    name = 'port',
  ): Promise<ListeningPort<TCPAddress>> {
    const port = await this.server.listenTCP(0, factory, { interface: this.address, ...options })
    this.journal.namePort(port.getHost().port, name)
    return port
  }

  /** Connects the client to a port of the server. */
  connect<P extends Witness>(
    port: ListeningPort<TCPAddress>,
    factory: ProtocolFactory<P>,
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    return this.client.connectTCP(this.address, port.getHost().port, factory, options)
  }

  /** Makes a connection between a protocol of the server and one of the client. */
  async pair({ server = {}, client = {}, listen = {}, connect = {} }: PairOptions = {}): Promise<Pair> {
    const [served, asking] = [
      new Witnesses(this.journal, 'server', server),
      new Witnesses(this.journal, 'client', client),
    ]
    const port = await this.listen(served, listen)
    const connector = this.connect(port, asking, connect)
    await this.until(() => served.built[0]?.made === true && asking.built[0]?.made === true)
    const [one, other] = [served.built[0], asking.built[0]]
    if (one === undefined || other === undefined) throw new Error('A protocol was not built')
    return { server: one, client: other, connector, port }
  }

  /** Resolves when both ends of a connection are gone. */
  async bothGone({ server, client }: Pair): Promise<void> {
    await this.until(() => server.gone && client.gone)
    await this.settle()
  }
}
