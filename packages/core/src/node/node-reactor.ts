import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP, type NetConnectOpts } from 'node:net'
import { tcpAddress, unixAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { Connector } from '../contracts/connector.ts'
import type {
  DatagramEvents,
  DatagramTransport,
  ListenMulticastOptions,
  ListenUDPOptions,
} from '../contracts/datagram.ts'
import type { DeadlineKeeper } from '../contracts/deadline.ts'
import type { LogEvent, LogObserver } from '../contracts/log.ts'
import type { ProcessEvents, ProcessTransport, SpawnOptions } from '../contracts/process.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type {
  ConnectionContext,
  ConnectTCPOptions,
  DelayedCall,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  LookupOptions,
  ReactorNames,
  RunOptions,
  StopOptions,
  StopReport,
  SystemEvent,
  SystemReactor,
  TriggerId,
  TriggerPhase,
} from '../contracts/reactor.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from '../contracts/tls.ts'
import type { Transport } from '../contracts/transport.ts'
import { DatagramPort } from '../datagram/datagram-port.ts'
import { ReactorLifecycle } from '../lifecycle/reactor-lifecycle.ts'
import { LogPublisher } from '../log/log-publisher.ts'
import type { HostedTransport } from '../transport/transport-host.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import { TLSFactory } from '../tls/tls-factory.ts'
import { Turn } from '../transport/turn.ts'
import { type DialEvents, type Dialling, StreamConnector } from '../transport/stream-connector.ts'
import { adoptConnection } from './adopt-connection.ts'
import { logToStderr } from './console-log.ts'
import { DatagramSocket } from './datagram-socket.ts'
import { descriptorAddress } from './descriptor.ts'
import { connectionLimit } from './descriptor-limit.ts'
import { dialSocket } from './dial-socket.ts'
import { keepHeap } from './keep-heap.ts'
import { NodeTime } from './node-time.ts'
import { ProcessSignals } from './process-signals.ts'
import { lookupForSockets, lookupName } from './lookup-name.ts'
import { SocketPort } from './socket-port.ts'
import { SpawnedProcess } from './spawned-process.ts'
import { StandardIO } from './standard-io.ts'

/** What a reactor is made with. */
export interface ReactorOptions {
  /** Who is told of faults and news, one or several. Default: `logToStderr`. */
  readonly log?: LogObserver | readonly LogObserver[]
  /** Most connections at a time; more wait, accepted but unread. Default: what the descriptors of the process allow, with a reserve. */
  readonly maxConnections?: number
  /** Answers the numeric addresses of a host, best first, for every connection by name. Default: the system. */
  readonly lookup?: ReactorNames['lookup']
}

/** Makes a reactor over Node's sockets and timers. A process may have several. */
export function createReactor(options: ReactorOptions = {}): SystemReactor {
  return new NodeReactor(options)
}

class NodeReactor implements SystemReactor {
  readonly logPublisher: LogPublisher
  readonly #ownLookup: ReactorNames['lookup'] | undefined
  readonly #time: NodeTime
  readonly #lifecycle: ReactorLifecycle
  readonly #signals = new ProcessSignals(() => this.#stopOnSignal())
  #keepAlive: NodeJS.Timeout | undefined

  constructor({ log = logToStderr, maxConnections = connectionLimit(), lookup }: ReactorOptions) {
    this.#ownLookup = lookup
    this.logPublisher = new LogPublisher({ reactor: this, observers: log, otherwise: logToStderr })
    this.#time = new NodeTime((event) => this.log(event))
    // The check phase comes right after the poll phase in which all sockets of a turn are read.
    const end = (): void => turn.end()
    const turn = new Turn(() => void setImmediate(end))
    this.#lifecycle = new ReactorLifecycle({
      reactor: this,
      turn,
      maxConnections,
      started: (options) => this.#started(options),
      stopped: () => this.#stopped(),
    })
  }

  get running(): boolean {
    return this.#lifecycle.running
  }

  get connections(): Iterable<HostedTransport> {
    return this.#lifecycle.connections
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

  get deadlines(): DeadlineKeeper {
    return this.#time.deadlines
  }

  now(): number {
    return this.#time.now()
  }

  wallClock(): number {
    return this.#time.wallClock()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    return this.#time.callLater(delayMs, call, ...args)
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#time.getDelayedCalls()
  }

  randomBytes(count: number): Buffer {
    return randomBytes(count)
  }

  keepContext(context: ConnectionContext): void {
    this.#lifecycle.context = context
  }

  log(event: LogEvent): void {
    this.logPublisher.log(event)
  }

  listenTCP(port: number, factory: ProtocolFactory, options: ListenTCPOptions = {}): Promise<ListeningPort> {
    const { interface: host, backlog = DEFAULT_BACKLOG, ...accept } = options
    const address = tcpAddress(host ?? '::', port)
    const listen = host === undefined ? { port, backlog } : { port, backlog, host }
    return SocketPort.open({ host: this.#lifecycle, factory, address, listen, accept })
  }

  connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    return this.#connectTCP(host, port, factory, options)
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
    return this.#connectTCP(host, port, factory, options, context)
  }

  readFile(path: string): Promise<Buffer> {
    return readFile(path)
  }

  lookup(host: string, options: LookupOptions = {}): Promise<readonly string[]> {
    return (this.#ownLookup ?? lookupName)(host, options)
  }

  listenUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions = {},
  ): Promise<ListeningPort> {
    const { backlog = DEFAULT_BACKLOG, mode, removeStale, ...accept } = options
    return SocketPort.open({
      host: this.#lifecycle,
      factory,
      address: unixAddress(path),
      listen: { path, backlog },
      mode,
      removeStale,
      accept,
    })
  }

  connectUNIX<P extends ProtocolEvents>(
    path: string,
    factory: ProtocolFactory<P>,
    options: Omit<ConnectTCPOptions, 'bindAddress'> = {},
  ): Connector<P> {
    return this.#connect(factory, unixAddress(path), { path }, options)
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
      bind: (binding) => DatagramSocket.bind(binding),
    })
  }

  listenMulticast(
    port: number,
    protocol: DatagramEvents,
    { listenMultiple = false, ...options }: ListenMulticastOptions = {},
  ): Promise<DatagramTransport> {
    return this.listenUDP(port, protocol, { ...options, reuseAddress: listenMultiple })
  }

  adoptStreamPort(fd: number, factory: ProtocolFactory): Promise<ListeningPort> {
    return SocketPort.open({
      host: this.#lifecycle,
      factory,
      address: descriptorAddress(fd),
      listen: { fd },
    })
  }

  adoptStreamConnection<P extends ProtocolEvents>(fd: number, factory: ProtocolFactory<P>): Promise<P> {
    return adoptConnection(this.#lifecycle, fd, factory)
  }

  standardIO(protocol: ProtocolEvents): Transport {
    return new StandardIO(protocol, { host: this.#lifecycle })
  }

  spawnProcess(
    protocol: ProcessEvents,
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): ProcessTransport {
    return new SpawnedProcess({ host: this.#lifecycle, protocol, command, args, options })
  }

  #connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options: ConnectTCPOptions,
    tls?: TLSContext,
  ): Connector<P> {
    const { bindAddress, ...connect } = options
    const local = bindAddress === undefined ? {} : { localAddress: bindAddress }
    const family = isIP(host) === 0 ? {} : { family: isIP(host) }
    const names = this.#ownLookup === undefined ? {} : { lookup: lookupForSockets(this.#ownLookup) }
    const dial = { host, port, ...local, ...family, ...names }
    return this.#connect(factory, tcpAddress(host, port), dial, connect, tls)
  }

  #connect<P extends ProtocolEvents>(
    factory: ProtocolFactory<P>,
    address: Address,
    where: NetConnectOpts,
    options: Omit<ConnectTCPOptions, 'bindAddress'>,
    tls?: TLSContext,
  ): Connector<P> {
    const dial = (events: DialEvents): Dialling => dialSocket(address, where, events)
    const connector = new StreamConnector({ host: this.#lifecycle, factory, address, options, dial, tls })
    connector.connect()
    return connector
  }

  #started({ installSignalHandlers = true }: RunOptions): void {
    keepHeap()
    this.#keepAlive = setInterval(() => undefined, LONGEST_INTERVAL_MS)
    if (installSignalHandlers) this.#signals.install()
  }

  #stopped(): void {
    clearInterval(this.#keepAlive)
    this.#signals.remove()
    this.#time.cancelAll()
  }

  /** A stop that is under way goes on as it is; the second signal ends the process. */
  #stopOnSignal(): void {
    this.stop().catch(() => undefined)
  }
}

const DEFAULT_BACKLOG = 511
const LONGEST_INTERVAL_MS = 2 ** 31 - 1
