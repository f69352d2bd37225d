import { type Address, tcpAddress, type TCPAddress, unixAddress, type UNIXAddress } from '../addresses.ts'
import { asciiHost } from '../hosts.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  DatagramEvents,
  DatagramTransport,
  ListenMulticastOptions,
  ListenUDPOptions,
} from '../interfaces/datagram.ts'
import type {
  ConnectionContext,
  ConnectTCPOptions,
  DeadlineKeeper,
  DelayedCall,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  LookupOptions,
  Reactor,
  RunOptions,
  StopOptions,
  StopReport,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from '../interfaces/reactor.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from '../interfaces/tls.ts'
import type { DatagramBinding, DatagramWire } from '../datagram/datagram-wire.ts'
import { DatagramPort, LISTEN_MULTICAST_RULES, LISTEN_UDP_RULES } from '../datagram/datagram-port.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { FACTORY, instance } from '../options/object-rules.ts'
import { count, path as PATH, filledText, type OptionRule } from '../options/option-rules.ts'
import {
  CONNECT_TCP_RULES,
  CONNECT_UNIX_RULES,
  LISTEN_TCP_RULES,
  LISTEN_UNIX_RULES,
  NODE_NAMES,
  PORT,
} from '../transport/transport-options.ts'
import { dialByName, isNumericHost } from '../transport/dial-by-name.ts'
import { ReactorLifecycle } from './reactor-lifecycle.ts'
import { LogPublisher, type LogPublisherOptions } from '../log/log-publisher.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import { TLSFactory } from '../tls/server-tls.ts'
import { type DialEvents, type ConnectAttempt, StreamConnector } from '../transport/stream-connector.ts'
import type { Transport } from '../interfaces/transport.ts'
import { Turn } from '../transport/connection-registry.ts'

/** The settings of a WireReactor. */
export interface WireReactorSetup extends Omit<LogPublisherOptions, 'reactor'> {
  /** Most connections at a time. Default: any number. */
  readonly maxConnections?: number
  /** Most connections that wait for admission, on all ports together. Default: any number. */
  readonly maxWaiting?: number
}

/**
 * A reactor over wires of any kind. This class has what all kinds share. A subclass defines how time passes
 * and how wires are created.
 */
export abstract class WireReactor implements Reactor {
  readonly logPublisher: LogPublisher
  /** The part of the reactor that its ports and transports use. */
  readonly registry: ReactorLifecycle

  /** @throws {TypeError | RangeError} when a limit is neither a whole number of 0 or more nor Infinity. */
  constructor({ maxConnections = Infinity, maxWaiting = Infinity, ...log }: WireReactorSetup) {
    checkValue('a reactor', 'maxConnections', maxConnections, LIMIT)
    checkValue('a reactor', 'maxWaiting', maxWaiting, LIMIT)
    this.logPublisher = new LogPublisher({ reactor: this, ...log })
    this.registry = new ReactorLifecycle({
      reactor: this,
      turn: new Turn(() => this.armTurn()),
      maxConnections,
      maxWaiting,
      started: (options) => this.started(options),
      stopped: () => this.stopped(),
      stillDraining: this.stillDraining === undefined ? undefined : (left) => this.stillDraining?.(left),
    })
  }

  abstract readonly deadlines: DeadlineKeeper
  abstract now(): number
  abstract wallClock(): number
  abstract callLater<A extends unknown[]>(
    delayMs: number,
    call: (...args: A) => unknown,
    ...args: A
  ): DelayedCall
  abstract getDelayedCalls(): DelayedCall[]
  abstract randomBytes(count: number): Buffer
  abstract readFile(path: string): Promise<Buffer>
  abstract lookup(host: string, options?: LookupOptions): Promise<readonly string[]>

  /** Schedules one call of `registry.turn.end` for when this turn is over. */
  protected abstract armTurn(): void
  /** Accepts TCP connections. The arguments were checked. */
  protected abstract acceptTCP(
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>>
  /** Accepts connections on a UNIX socket. The arguments were checked. */
  protected abstract acceptUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions,
  ): Promise<ListeningPort<UNIXAddress>>
  /** Whether `host` needs a lookup. Otherwise it is passed to `dial` as it is. */
  protected looksUp(host: string): boolean {
    return !isNumericHost(host)
  }
  /** Starts to connect to `address`. */
  protected abstract dial(
    address: Address,
    events: DialEvents,
    bindAddress: string | undefined,
  ): ConnectAttempt
  /** Binds a UDP port. @throws the system's error (rejects) when the address cannot be bound. */
  protected abstract bindDatagrams(binding: DatagramBinding): Promise<DatagramWire>
  /** The reactor has started to run. */
  protected abstract started(options: RunOptions): void
  /** The reactor has stopped: the subclass cancels all delayed calls. */
  protected abstract stopped(): void
  /**
   * Called when a drain takes longer than a second, with the number of connections and attempts that it waits
   * for.
   */
  protected stillDraining?(count: number): void

  get running(): boolean {
    return this.registry.running
  }

  get connections(): ReadonlySet<Transport> {
    return this.registry.transports
  }

  get stopping(): boolean {
    return this.registry.stopAsked
  }

  run(options: RunOptions = {}): Promise<StopReport> {
    return this.registry.run(options)
  }

  stop(options: StopOptions = {}): Promise<StopReport> {
    return this.registry.stop(options)
  }

  callWhenRunning(call: () => unknown): void {
    this.registry.callWhenRunning(call)
  }

  addSystemEventTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    return this.registry.addTrigger(phase, event, call)
  }

  removeSystemEventTrigger(id: TriggerId): void {
    this.registry.removeTrigger(id)
  }

  keepContext(context: ConnectionContext): void {
    this.registry.context = context
  }

  log(event: LogEvent): void {
    this.logPublisher.log(event)
  }

  async listenTCP(
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions = {},
  ): Promise<ListeningPort<TCPAddress>> {
    checkValue('listenTCP', 'port', port, PORT)
    checkValue('listenTCP', 'factory', factory, FACTORY)
    checkOptions('listenTCP', options, LISTEN_TCP_RULES, NODE_NAMES)
    return this.acceptTCP(port, factory, options)
  }

  async listenUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions = {},
  ): Promise<ListeningPort<UNIXAddress>> {
    checkValue('listenUNIX', 'path', path, PATH)
    checkValue('listenUNIX', 'factory', factory, FACTORY)
    checkOptions('listenUNIX', options, LISTEN_UNIX_RULES)
    return this.acceptUNIX(path, factory, options)
  }

  async listenSSL(
    port: number,
    factory: ProtocolFactory,
    tls: TLSContext | ServerTLSOptions,
    options: ListenTCPOptions = {},
  ): Promise<ListeningPort<TCPAddress>> {
    checkValue('listenSSL', 'factory', factory, FACTORY)
    checkValue('listenSSL', 'tls', tls, SERVER_SIDE)
    return this.listenTCP(port, new TLSFactory(factory, tls), options)
  }

  connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    this.#checkConnect('connectTCP', host, port, options)
    checkValue('connectTCP', 'factory', factory, FACTORY)
    return this.#connect(tcpAddress(asciiHost(host), port), factory, options)
  }

  connectSSL<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    tls: TLSContext | ClientTLSOptions = {},
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    this.#checkConnect('connectSSL', host, port, options)
    checkValue('connectSSL', 'factory', factory, FACTORY)
    const context = ClientTLS.from(tls, host, factory.acceptableProtocols)
    return this.#connect(tcpAddress(asciiHost(host), port), factory, options, context)
  }

  connectUNIX<P extends ProtocolEvents>(
    path: string,
    factory: ProtocolFactory<P>,
    options: Omit<ConnectTCPOptions, 'bindAddress'> = {},
  ): Connector<P> {
    checkValue('connectUNIX', 'path', path, PATH)
    checkValue('connectUNIX', 'factory', factory, FACTORY)
    checkOptions('connectUNIX', options, CONNECT_UNIX_RULES)
    return this.#connect(unixAddress(path), factory, options)
  }

  async listenUDP(
    port: number,
    protocol: DatagramEvents,
    options: ListenUDPOptions = {},
  ): Promise<DatagramTransport> {
    checkValue('listenUDP', 'port', port, PORT)
    checkValue('listenUDP', 'protocol', protocol, DATAGRAM_PROTOCOL)
    checkOptions('listenUDP', options, LISTEN_UDP_RULES, NODE_NAMES)
    const bind = (binding: DatagramBinding): Promise<DatagramWire> => this.bindDatagrams(binding)
    return DatagramPort.open({ registry: this.registry, port, protocol, options, bind })
  }

  async listenMulticast(
    port: number,
    protocol: DatagramEvents,
    given: ListenMulticastOptions = {},
  ): Promise<DatagramTransport> {
    checkOptions('listenMulticast', given, LISTEN_MULTICAST_RULES, NODE_NAMES)
    const { listenMultiple = false, ...options } = given
    return this.listenUDP(port, protocol, { ...options, reuseAddress: listenMultiple })
  }

  #checkConnect(owner: string, host: string, port: number, options: ConnectTCPOptions): void {
    checkValue(owner, 'host', host, filledText)
    checkValue(owner, 'port', port, PORT)
    checkOptions(owner, options, CONNECT_TCP_RULES, NODE_NAMES)
  }

  #dialByNameOrAddress(
    address: Address,
    events: DialEvents,
    bindAddress: string | undefined,
  ): ConnectAttempt {
    if (address.type === 'UNIX' || !this.looksUp(address.host)) return this.dial(address, events, bindAddress)
    const dial = (to: Address, attempt: DialEvents): ConnectAttempt => this.dial(to, attempt, bindAddress)
    return dialByName({ reactor: this, address, bindAddress, dial }, events)
  }

  #connect<P extends ProtocolEvents>(
    address: Address,
    factory: ProtocolFactory<P>,
    { bindAddress, ...options }: ConnectTCPOptions,
    tls?: TLSContext,
  ): Connector<P> {
    const dial = (events: DialEvents): ConnectAttempt =>
      this.#dialByNameOrAddress(address, events, bindAddress)
    const connector = new StreamConnector({ registry: this.registry, factory, address, options, dial, tls })
    connector.connect()
    return connector
  }
}

const LIMIT = count({ endless: true })
const DATAGRAM_PROTOCOL = instance('a DatagramProtocol', 'makeConnection', 'datagramReceived')
const SERVER_SIDE: OptionRule = (value) => {
  const isSide = typeof value === 'object' && value !== null && ('secure' in value || 'cert' in value)
  return isSide ? undefined : { kind: 'type', wanted: 'a ServerTLS, or { cert, key }, before the options' }
}
