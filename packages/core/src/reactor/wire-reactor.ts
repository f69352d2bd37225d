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
import type { LogEvent } from '../contracts/log.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type {
  ConnectionContext,
  ConnectTCPOptions,
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
} from '../contracts/reactor.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from '../contracts/tls.ts'
import type { DatagramBinding } from '../datagram/datagram-binding.ts'
import { DatagramPort } from '../datagram/datagram-port.ts'
import type { DatagramWire } from '../datagram/datagram-wire.ts'
import { ReactorLifecycle } from '../lifecycle/reactor-lifecycle.ts'
import { LogPublisher, type LogPublisherOptions } from '../log/log-publisher.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import { TLSFactory } from '../tls/tls-factory.ts'
import { type DialEvents, type Dialling, StreamConnector } from '../transport/stream-connector.ts'
import type { HostedTransport } from '../transport/transport-host.ts'
import { Turn } from '../transport/turn.ts'

/** What a kind of reactor is made with. */
export interface WireReactorSetup extends Omit<LogPublisherOptions, 'reactor'> {
  /** Most connections at a time. Default: any number. */
  readonly maxConnections?: number
  /** Most connections that wait for room, on all ports together. Default: any number. */
  readonly maxWaiting?: number
}

/**
 * A reactor over wires of any kind. What is the same for all is here; how time passes and where wires
 * come from is for the subclass to say.
 */
export abstract class WireReactor implements Reactor {
  readonly logPublisher: LogPublisher
  /** The reactor as its ports and transports see it. */
  readonly host: ReactorLifecycle

  constructor({ maxConnections = Infinity, maxWaiting = Infinity, ...log }: WireReactorSetup) {
    this.logPublisher = new LogPublisher({ reactor: this, ...log })
    this.host = new ReactorLifecycle({
      reactor: this,
      turn: new Turn(() => this.armTurn()),
      maxConnections,
      maxWaiting,
      started: (options) => this.started(options),
      stopped: () => this.stopped(),
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
  abstract listenTCP(
    port: number,
    factory: ProtocolFactory,
    options?: ListenTCPOptions,
  ): Promise<ListeningPort>
  abstract listenUNIX(
    path: string,
    factory: ProtocolFactory,
    options?: ListenUNIXOptions,
  ): Promise<ListeningPort>

  /** Arranges for one call of `host.turn.end` when this turn is over. */
  protected abstract armTurn(): void
  /** Begins to connect to `address`. */
  protected abstract dial(address: Address, events: DialEvents, bindAddress: string | undefined): Dialling
  /** @throws the system's error (rejects) when the address cannot be had. */
  protected abstract bindDatagrams(binding: DatagramBinding): Promise<DatagramWire>
  /** The reactor begins to run. */
  protected abstract started(options: RunOptions): void
  /** The reactor has stopped: nothing more is to be called. */
  protected abstract stopped(): void

  get running(): boolean {
    return this.host.running
  }

  get connections(): ReadonlySet<HostedTransport> {
    return this.host.connections
  }

  run(options: RunOptions = {}): Promise<void> {
    return this.host.run(options)
  }

  stop(options: StopOptions = {}): Promise<StopReport> {
    return this.host.stop(options)
  }

  callWhenRunning(call: () => unknown): void {
    this.host.callWhenRunning(call)
  }

  addSystemEventTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    return this.host.addTrigger(phase, event, call)
  }

  removeSystemEventTrigger(id: TriggerId): void {
    this.host.removeTrigger(id)
  }

  keepContext(context: ConnectionContext): void {
    this.host.context = context
  }

  log(event: LogEvent): void {
    this.logPublisher.log(event)
  }

  async listenSSL(
    port: number,
    factory: ProtocolFactory,
    tls: TLSContext | ServerTLSOptions,
    options: ListenTCPOptions = {},
  ): Promise<ListeningPort> {
    return this.listenTCP(port, new TLSFactory(factory, tls), options)
  }

  connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options: ConnectTCPOptions = {},
  ): Connector<P> {
    return this.#connect(tcpAddress(host, port), factory, options)
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
    const bind = (binding: DatagramBinding): Promise<DatagramWire> => this.bindDatagrams(binding)
    return DatagramPort.open({ host: this.host, port, protocol, options, bind })
  }

  listenMulticast(
    port: number,
    protocol: DatagramEvents,
    { listenMultiple = false, ...options }: ListenMulticastOptions = {},
  ): Promise<DatagramTransport> {
    return this.listenUDP(port, protocol, { ...options, reuseAddress: listenMultiple })
  }

  #connect<P extends ProtocolEvents>(
    address: Address,
    factory: ProtocolFactory<P>,
    { bindAddress, ...options }: ConnectTCPOptions,
    tls?: TLSContext,
  ): Connector<P> {
    const dial = (events: DialEvents): Dialling => this.dial(address, events, bindAddress)
    const connector = new StreamConnector({ host: this.host, factory, address, options, dial, tls })
    connector.connect()
    return connector
  }
}
