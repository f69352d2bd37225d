import { CallSite, type Leak } from '../call-site.ts'
import { SimulatedPort, type SimulatedPortSetup } from '../network/simulated-port.ts'
import { StreamDial } from '../network/stream-dial.ts'
import type { ReactorSystem } from './reactor-system.ts'
import type { Disk } from '../disk/disk.ts'
import {
  type Address,
  CannotListenError,
  formatAddress,
  type ListeningPort,
  type ListenTCPOptions,
  type ListenUNIXOptions,
  type ProtocolFactory,
  type Reactor,
  type TCPAddress,
  tcpAddress,
  type UNIXAddress,
  unixAddress,
} from '@ropewalk/core'
import type { LogEvent } from '@ropewalk/core/log'
import {
  callSafely,
  type ConnectedWire,
  type DatagramBinding,
  type DatagramWire,
  DeadlineWheel,
  type DialEvents,
  type ConnectAttempt,
  type LookupOptions,
  startFactory,
  WireReactor,
} from '@ropewalk/core/reactor'
import type { DelayedCall } from '@ropewalk/core/time'

/** The reactor of a simulated host. A program uses it like any other reactor. */
export class HostReactor extends WireReactor implements Reactor {
  readonly deadlines: DeadlineWheel = new DeadlineWheel(this)
  /** The logged events, oldest first. */
  readonly logged: LogEvent[]
  readonly #run: ReactorSystem
  /** The call site that opened each port or timer. */
  readonly #opened = new WeakMap<object, CallSite>()
  readonly #endTurn = (): void => this.registry.turn.end()

  constructor(life: ReactorSystem) {
    const logged: LogEvent[] = []
    super({
      observers: (event) => {
        logged.push(event)
        life.host.noteLogged(event)
      },
    })
    this.logged = logged
    this.#run = life
  }

  now(): number {
    this.#run.host.clockAsked()
    return this.#run.clock.now()
  }

  wallClock(): number {
    return this.#run.clock.wallClock()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    const text = 'A delayed call failed'
    const failed = (error: unknown): void => this.log({ level: 'error', text, error })
    const later = this.#run.clock.callLater(delayMs, () => callSafely(() => call(...args), failed))
    this.#opened.set(later, new CallSite())
    return later
  }

  /** The open connections, listening ports and pending delayed calls. */
  leaks(): readonly Leak[] {
    const host = this.#run.host.name
    const opened = (thing: object): string => this.#opened.get(thing)?.text ?? ''
    return [
      ...Array.from(this.registry.registered, ({ label, transport }): Leak => ({
        host,
        what: 'connection',
        name: label,
        openedAt: opened(transport),
      })),
      ...this.#run.ports.map((port): Leak => ({
        host,
        what: 'port',
        name: formatAddress(port.getHost()),
        openedAt: opened(port),
      })),
      ...this.getDelayedCalls().map((call): Leak => ({
        host,
        what: 'timer',
        name: `at ${call.getTime()} ms`,
        openedAt: opened(call),
      })),
    ]
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#run.clock.getDelayedCalls()
  }

  randomBytes(count: number): Buffer {
    return this.#run.host.random.bytes(count)
  }

  /**
   * The disk of the host, as its program uses it. When this run of the program is over, operations stay pending.
   */
  get disk(): Disk {
    return this.#run.disk
  }

  /** Reads a file that a test has put into `host.files`, which takes no time, or one of the disk. */
  async readFile(path: string): Promise<Buffer> {
    const content = this.#run.host.files.get(path)
    if (content !== undefined) return Buffer.from(content as string)
    if (this.#run.host.disk.has(path)) return this.disk.read(path)
    throw Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: 'ENOENT', path })
  }

  async lookup(host: string, { signal }: LookupOptions = {}): Promise<readonly string[]> {
    signal?.throwIfAborted()
    return this.#run.lookup(host)
  }

  /**
   * Starts to connect to a numeric address. The caller attaches to the wire, without a protocol.
   *
   * @param bindPort The local port to connect from; 0 for any.
   */
  dialWire(address: Address, events: DialEvents, bindAddress?: string, bindPort: number = 0): ConnectAttempt {
    return new StreamDial(this.#run, address, events, bindAddress, bindPort)
  }

  /**
   * Listens, without protocols: `accepted` is called with the wire of each connection.
   *
   * @param ipv6Only Whether `::` leaves IPv4 to other ports.
   * @throws {CannotListenError} when the address is taken.
   */
  listenForWires<A extends Address>(
    address: A,
    backlog: number,
    accepted: (wire: ConnectedWire) => void,
    ipv6Only: boolean = false,
  ): ListeningPort<A> {
    const port = new SimulatedPort({
      life: this.#run,
      address: this.#boundAddress(address),
      factory: NO_FACTORY,
      ipv6Only,
      backlog,
      accept: {},
      accepted,
    })
    this.#run.bindPort(port)
    this.#opened.set(port, new CallSite())
    this.registry.portOpened(port)
    return port
  }

  /** Binds a UDP socket at once, without a protocol. @throws {Error} EADDRINUSE when the port is taken. */
  bindDatagramWire(binding: DatagramBinding): DatagramWire {
    return this.#run.bindDatagrams(binding)
  }

  #boundAddress<A extends Address>(address: A): A {
    if (address.type === 'UNIX' || address.port !== 0) return address
    return { ...address, port: this.#freePort(address.host) }
  }

  #freePort(host: string): number {
    try {
      return this.#run.stack.freePort()
    } catch (error) {
      throw new CannotListenError(tcpAddress(host, 0), error)
    }
  }

  protected override acceptTCP(
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>> {
    const { interface: named = '::', backlog = DEFAULT_BACKLOG, ipv6Only = false, ...accept } = options
    const number = port === 0 ? this.#freePort(named) : port
    const address = this.#addressOf(named, number)
    return this.#listen({ address, factory, ipv6Only, backlog, accept })
  }

  protected override acceptUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions,
  ): Promise<ListeningPort<UNIXAddress>> {
    const { backlog = DEFAULT_BACKLOG, mode: _mode, removeStale = false, ...accept } = options
    if (removeStale) this.#run.removeStale(path)
    return this.#listen({
      address: Promise.resolve(unixAddress(path)),
      factory,
      ipv6Only: false,
      backlog,
      accept,
    })
  }

  protected override armTurn(): void {
    this.#run.executeSoon(this.#endTurn)
  }

  protected override dial(
    address: Address,
    events: DialEvents,
    bindAddress: string | undefined,
  ): ConnectAttempt {
    return new StreamDial(this.#run, address, events, bindAddress)
  }

  protected override async bindDatagrams(binding: DatagramBinding): Promise<DatagramWire> {
    return this.#run.bindDatagrams(binding)
  }

  protected override started(): void {}

  protected override stopped(): void {
    this.#run.clock.clear()
  }

  async #addressOf(host: string, port: number): Promise<TCPAddress> {
    const [found = host] = await this.#run.lookup(host).catch((cause: unknown) => {
      throw new CannotListenError(tcpAddress(host, port), cause)
    })
    return tcpAddress(found, port)
  }

  async #listen<A extends Address>({ address, ...setup }: Listening<A>): Promise<ListeningPort<A>> {
    const { factory } = setup
    const [life, openedAt] = [this.#run, new CallSite()]
    const bound = await address
    await this.registry.binding(Promise.resolve())
    const port = new SimulatedPort({ ...setup, life, address: bound })
    life.bindPort(port)
    this.#opened.set(port, openedAt)
    try {
      startFactory(factory, this)
    } catch (error) {
      life.freePort(port)
      throw error
    }
    this.registry.portOpened(port)
    return port
  }
}

interface Listening<A extends Address> extends Omit<SimulatedPortSetup<A>, 'life' | 'address'> {
  readonly address: Promise<A>
}

const DEFAULT_BACKLOG = 511
/** Of ports whose wires get no protocol. */
const NO_FACTORY: ProtocolFactory = { buildProtocol: () => undefined, doStart: () => {}, doStop: () => {} }
