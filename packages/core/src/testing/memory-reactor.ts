import { tcpAddress, unixAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { Connector } from '../contracts/connector.ts'
import type {
  DatagramEvents,
  DatagramTransport,
  ListenMulticastOptions,
  ListenUDPOptions,
} from '../contracts/datagram.ts'
import type { LogEvent, LogObserver } from '../contracts/log.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type {
  ConnectionContext,
  ConnectTCPOptions,
  DelayedCall,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  Reactor,
  RunOptions,
  StopOptions,
  StopReport,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from '../contracts/reactor.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from '../contracts/tls.ts'
import { DatagramPort } from '../datagram/datagram-port.ts'
import { DNSLookupError } from '../errors.ts'
import { ReactorLifecycle } from '../lifecycle/reactor-lifecycle.ts'
import { LogPublisher } from '../log/log-publisher.ts'
import { contained } from '../transport/contained.ts'
import { type DialEvents, StreamConnector } from '../transport/stream-connector.ts'
import type { HostedTransport } from '../transport/transport-host.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import { TLSFactory } from '../tls/tls-factory.ts'
import { Turn } from '../transport/turn.ts'
import { DeadlineWheel } from '../transport/deadline-wheel.ts'
import { Clock } from './clock.ts'
import { type ErrorClass, flushLoggedErrors, LogRecorder } from './log-recorder.ts'
import { MemoryDatagramNetwork } from './memory-datagram-network.ts'
import { MemoryNetwork } from './memory-network.ts'

/** What a memory reactor is made with. */
export interface MemoryReactorOptions {
  /** Who is told of what it logs, beside `logged`. */
  readonly log?: LogObserver | readonly LogObserver[]
}

/**
 * A reactor without sockets and without waiting: its connections are in memory, its time is a
 * `Clock`, and nothing happens until the test says so.
 *
 * `pump` lets what was written arrive; `advance` moves time; `settle` also lets promises go on.
 * What the reactor logged is in `logged`.
 */
export class MemoryReactor implements Reactor {
  readonly clock: Clock = new Clock()
  readonly deadlines: DeadlineWheel = new DeadlineWheel(this)
  readonly #logs = new LogRecorder()
  /** What it has logged, oldest first. */
  readonly logged: LogEvent[] = this.#logs.events
  readonly logPublisher: LogPublisher
  /** What `readFile` finds, by path. */
  readonly files: Map<string, Uint8Array | string> = new Map()
  /** What `lookup` finds, by name. */
  readonly names: Map<string, readonly string[]> = new Map()
  /** The reactor as transports see it. */
  readonly host: ReactorLifecycle
  readonly #lifecycle: ReactorLifecycle
  readonly #network: MemoryNetwork
  readonly #datagrams: MemoryDatagramNetwork
  #turnWaits = false
  #randomState = 1

  constructor({ log = [] }: MemoryReactorOptions = {}) {
    this.logPublisher = new LogPublisher({ reactor: this, observers: [this.#logs.observer, log].flat() })
    const lifecycle = new ReactorLifecycle({
      reactor: this,
      turn: new Turn(() => {
        this.#turnWaits = true
      }),
      started: () => undefined,
      stopped: () => {
        for (const call of this.getDelayedCalls()) call.cancel()
      },
    })
    this.#lifecycle = lifecycle
    this.host = lifecycle
    this.#network = new MemoryNetwork(lifecycle)
    this.#datagrams = new MemoryDatagramNetwork(lifecycle.turn)
  }

  get running(): boolean {
    return this.#lifecycle.running
  }

  get connections(): ReadonlySet<HostedTransport> {
    return this.#lifecycle.connections
  }

  /**
   * Ends turns until nothing is left to send or deliver.
   *
   * @throws {Error} after 100 000 turns: two protocols answer each other for ever.
   */
  pump(): void {
    for (let turns = 0; this.#turnWaits; turns++) this.#endTurn(turns)
  }

  /** Moves time by `ms`, then pumps. */
  advance(ms: number): void {
    this.pump()
    this.clock.advance(ms)
    this.pump()
  }

  /**
   * Lets promises go on, and ends turns, until neither has anything left to do. As with sockets, what
   * promises do belongs to the turn in which they go on.
   *
   * @throws {Error} (rejects) after 100 000 turns.
   */
  async settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      for (let tick = 0; tick < QUIET_TICKS; tick++) await Promise.resolve()
      if (!this.#turnWaits) return
      this.#endTurn(turns)
    }
  }

  run(options: RunOptions = {}): Promise<void> {
    return this.#lifecycle.run(options)
  }

  stop(options: StopOptions = {}): Promise<StopReport> {
    return this.#lifecycle.stop(options)
  }

  callWhenRunning(call: () => unknown): void {
    this.#lifecycle.callWhenRunning(call)
  }

  addSystemEventTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    return this.#lifecycle.addTrigger(phase, event, call)
  }

  removeSystemEventTrigger(id: TriggerId): void {
    this.#lifecycle.removeTrigger(id)
  }

  now(): number {
    return this.clock.now()
  }

  wallClock(): number {
    return this.clock.wallClock()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    const failed = (error: unknown): void =>
      this.log({ level: 'error', text: 'A delayed call failed', error })
    return this.clock.callLater(delayMs, () => contained(() => call(...args), failed))
  }

  getDelayedCalls(): DelayedCall[] {
    return this.clock.getDelayedCalls()
  }

  /** The same bytes in every run; never use them outside tests. */
  randomBytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.#randomByte()))
  }

  keepContext(context: ConnectionContext): void {
    this.#lifecycle.context = context
  }

  log(event: LogEvent): void {
    this.logPublisher.log(event)
  }

  /** Takes the errors a test has provoked, of a class or all, out of `logged`, and answers them. */
  flushLoggedErrors(): unknown[]
  flushLoggedErrors<E>(type: ErrorClass<E>): E[]
  flushLoggedErrors(type?: ErrorClass<unknown>): unknown[] {
    return flushLoggedErrors(this.logged, type)
  }

  listenTCP(port: number, factory: ProtocolFactory, options: ListenTCPOptions = {}): Promise<ListeningPort> {
    return this.#network.listen(tcpAddress(options.interface ?? '127.0.0.1', port), factory, options)
  }

  connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    return this.#connect(tcpAddress(host, port), factory, options)
  }

  async listenSSL(
    port: number,
    factory: ProtocolFactory,
    tls: TLSContext | ServerTLSOptions,
    options: ListenTCPOptions = {},
  ): Promise<ListeningPort> {
    return this.listenTCP(port, new TLSFactory(factory, tls), options)
  }

  connectSSL<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    tls: TLSContext | ClientTLSOptions = {},
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    const context = ClientTLS.from(tls, host, factory.acceptableProtocols)
    return this.#connect(tcpAddress(host, port), factory, options, context)
  }

  /** Answers from `files`. */
  async readFile(path: string): Promise<Buffer> {
    const content = this.files.get(path)
    if (content !== undefined) return Buffer.from(content as string)
    throw Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: 'ENOENT', path })
  }

  /** Answers from `names`; a numeric host is its own. */
  async lookup(host: string): Promise<readonly string[]> {
    const found = this.names.get(host) ?? (isNumericHost(host) ? [host] : [])
    if (found.length > 0) return found
    throw new DNSLookupError(tcpAddress(host, 0), 'the name has no address')
  }

  listenUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions = {},
  ): Promise<ListeningPort> {
    return this.#network.listen(unixAddress(path), factory, options)
  }

  connectUNIX<P extends ProtocolEvents>(
    path: string,
    factory: ProtocolFactory<P>,
    options: Omit<ConnectTCPOptions, 'bindAddress'> = {},
  ): Connector<P> {
    return this.#connect(unixAddress(path), factory, options)
  }

  listenUDP(
    port: number,
    protocol: DatagramEvents,
    options: ListenUDPOptions = {},
  ): Promise<DatagramTransport> {
    return DatagramPort.open({
      host: this.#lifecycle,
      port,
      protocol,
      options,
      bind: (binding) => this.#datagrams.bind(binding),
    })
  }

  listenMulticast(
    port: number,
    protocol: DatagramEvents,
    { listenMultiple = false, ...options }: ListenMulticastOptions = {},
  ): Promise<DatagramTransport> {
    return this.listenUDP(port, protocol, { ...options, reuseAddress: listenMultiple })
  }

  #endTurn(before: number): void {
    if (before > MAX_TURNS) throw new Error(`Cannot settle: still busy after ${MAX_TURNS} turns`)
    this.#turnWaits = false
    this.host.turn.end()
  }

  #connect<P extends ProtocolEvents>(
    address: Address,
    factory: ProtocolFactory<P>,
    options: Omit<ConnectTCPOptions, 'bindAddress'>,
    tls?: TLSContext,
  ): Connector<P> {
    const dial = (events: DialEvents): { cancel(): void } => this.#network.dial(address, events)
    const connector = new StreamConnector({ host: this.host, factory, address, options, dial, tls })
    connector.connect()
    return connector
  }

  #randomByte(): number {
    this.#randomState = (Math.imul(this.#randomState, 1_664_525) + 1_013_904_223) >>> 0
    return this.#randomState >>> 24
  }
}

function isNumericHost(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host)
}

const MAX_TURNS = 100_000
/** Promise chains of the packages are shorter than this many microtasks between two turns. */
const QUIET_TICKS = 50
