import { counted } from '../bytes/remote-error.ts'
import { DNSLookupError } from '../errors.ts'
import { type Address, tcpAddress, type TCPAddress, unixAddress, type UNIXAddress } from '../addresses.ts'
import type { DatagramBinding, DatagramWire } from '../datagram/datagram-wire.ts'
import { asciiHost } from '../hosts.ts'
import type { LogEvent, LogObserver } from '../interfaces/log.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  DelayedCall,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  Reactor,
} from '../interfaces/reactor.ts'
import type { Transport, TransportOptions } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'
import { WireReactor } from '../reactor/wire-reactor.ts'
import { callSafely } from '../safely.ts'
import { isNumericHost, NO_ADDRESS } from '../transport/dial-by-name.ts'
import { DeadlineWheel } from '../time/deadline.ts'
import type { DialEvents, ConnectAttempt } from '../transport/stream-connector.ts'
import { openConnection } from '../transport/stream-transport.ts'
import { transportOptions } from '../transport/transport-options.ts'
import { Clock } from './clock.ts'
import { type ErrorClass, flushLoggedErrors, LogRecorder } from './log-recorder.ts'
import { MemoryDatagramNetwork } from './memory-datagram-network.ts'
import { MemoryNetwork } from './memory-network.ts'
import { MemoryWire } from './memory-wire.ts'

/** Options of a memory reactor. */
export interface MemoryReactorOptions {
  /** Observers of its log, beside `logged`. */
  readonly log?: LogObserver | readonly LogObserver[] | undefined
}

/**
 * A reactor without sockets and without waiting: its connections are in memory, its time is a
 * `Clock`, and nothing happens until the test triggers it.
 *
 * `pump` delivers written bytes; `advance` moves time; `settle` also lets promise jobs run.
 * `logged` has the events that the reactor logged.
 */
export class MemoryReactor extends WireReactor implements Reactor {
  readonly clock: Clock = new Clock()
  readonly deadlines: DeadlineWheel = new DeadlineWheel(this)
  /** The events logged, oldest first. */
  readonly logged: LogEvent[]
  /** The files that `readFile` finds, by path. */
  readonly files: Map<string, Uint8Array | string> = new Map()
  /** The addresses that `lookup` finds, by name. */
  readonly names: Map<string, readonly string[]> = new Map()
  readonly #network = new MemoryNetwork(this.registry)
  readonly #datagrams = new MemoryDatagramNetwork(this.registry.turn)
  #turnWaits = false
  #randomState = 1

  constructor({ log = [] }: MemoryReactorOptions = {}) {
    const recorder = new LogRecorder()
    super({ observers: [recorder.observer, log].flat() })
    this.logged = recorder.events
  }

  /**
   * Ends turns until nothing is left to send or deliver.
   *
   * @throws {Error} after 100 000 turns, as when two protocols reply to each other for ever.
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
   * Runs promise jobs and ends turns until neither has anything left to do. As with sockets, a promise
   * job belongs to the turn in which it runs.
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

  now(): number {
    return this.clock.now()
  }

  wallClock(): number {
    return this.clock.wallClock()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    checkValue('callLater', 'call', call, callable)
    const failed = (error: unknown): void =>
      this.log({ level: 'error', text: 'A delayed call failed', error })
    return this.clock.callLater(delayMs, () => callSafely(() => call(...args), failed))
  }

  getDelayedCalls(): DelayedCall[] {
    return this.clock.getDelayedCalls()
  }

  /** Returns the same bytes in every run; never use them outside tests. */
  randomBytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.#randomByte()))
  }

  /** Removes the errors that a test has provoked, of one class or all, from `logged`, and returns them. */
  flushLoggedErrors(): unknown[]
  flushLoggedErrors<E>(type: ErrorClass<E>): E[]
  flushLoggedErrors(type?: ErrorClass<unknown>): unknown[] {
    return flushLoggedErrors(this.logged, type)
  }

  /** Returns the content from `files`; rejects with ENOENT when it has no such path. */
  async readFile(path: string): Promise<Buffer> {
    const content = this.files.get(path)
    if (content !== undefined) return Buffer.from(content as string)
    throw Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: 'ENOENT', path })
  }

  /** Returns the addresses from `names`; a numeric host is its own address. */
  async lookup(host: string): Promise<readonly string[]> {
    const found = this.#addressesOf(host) ?? (isNumericHost(host) ? [host] : [])
    if (found.length > 0) return found
    throw new DNSLookupError(tcpAddress(host, 0), NO_ADDRESS)
  }

  protected override acceptTCP(
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>> {
    return this.#network.listen(tcpAddress(options.interface ?? '127.0.0.1', port), factory, options)
  }

  protected override acceptUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions,
  ): Promise<ListeningPort<UNIXAddress>> {
    return this.#network.listen(unixAddress(path), factory, options)
  }

  protected override armTurn(): void {
    this.#turnWaits = true
  }

  /** Hosts are not distinguished: only a name for which a test has set addresses is looked up. */
  protected override looksUp(host: string): boolean {
    return this.#addressesOf(host) !== undefined
  }

  protected override dial(address: Address, events: DialEvents): ConnectAttempt {
    return this.#network.dial(address, events)
  }

  protected override bindDatagrams(binding: DatagramBinding): Promise<DatagramWire> {
    return this.#datagrams.bind(binding)
  }

  protected override started(): void {}

  protected override stopped(): void {
    for (const call of this.getDelayedCalls()) call.cancel()
  }

  #addressesOf(host: string): readonly string[] | undefined {
    const known = Array.from(this.names.keys()).find((name) => asciiHost(name) === asciiHost(host))
    return known === undefined ? undefined : this.names.get(known)
  }

  #endTurn(before: number): void {
    if (before > MAX_TURNS) throw new Error(`Cannot settle: still busy after ${MAX_TURNS} turns`)
    this.#turnWaits = false
    this.registry.turn.end()
  }

  #randomByte(): number {
    this.#randomState = (Math.imul(this.#randomState, 1_664_525) + 1_013_904_223) >>> 0
    return this.#randomState >>> 24
  }
}

/**
 * Lists what a reactor still holds: connections, delayed calls, deadlines, and entries of its queues. When the
 * connections of a test have ended, the list must be empty; otherwise each connection leaks a slot, a timer or an
 * object.
 *
 *     transport.abortConnection()
 *     await reactor.settle()
 *     expect(leftovers(reactor)).toEqual([])
 *
 * @returns one line for each; an empty list when nothing is left.
 */
export function leftovers(reactor: WireReactor): string[] {
  const { deadlines } = reactor
  const kept = deadlines instanceof DeadlineWheel ? deadlines.size : 0
  return [
    ...Array.from(reactor.registry.registered, ({ label }) => `the connection ${label}`),
    ...reactor.getDelayedCalls().map((call) => `a call in ${Math.round(call.getTime() - reactor.now())} ms`),
    ...(kept === 0 ? [] : [`${counted(kept, 'deadline')} of connections`]),
    ...reactor.registry.leftovers,
  ]
}

/** Two protocols connected to each other in memory. */
export interface ConnectedPair {
  readonly reactor: MemoryReactor
  readonly server: Transport
  readonly client: Transport
}

/** Options of `connectedPair`. */
export interface ConnectedPairOptions {
  /** Default: a new reactor. */
  readonly reactor?: MemoryReactor
  readonly options?: Partial<TransportOptions>
}

/** Connects two protocols in memory; calls the server's `makeConnection` first. `reactor.pump()` delivers the bytes. */
export function connectedPair(
  serverProtocol: ProtocolEvents,
  clientProtocol: ProtocolEvents,
  { reactor = new MemoryReactor(), options: given }: ConnectedPairOptions = {},
): ConnectedPair {
  const [serverWire, clientWire] = MemoryWire.pair(reactor.registry.turn)
  const { registry } = reactor
  const options = transportOptions(given)
  const [serverAddress, clientAddress] = [tcpAddress('127.0.0.1', 80), tcpAddress('127.0.0.1', 50_000)]
  const server = openConnection({
    registry,
    wire: serverWire,
    localAddress: serverAddress,
    peerAddress: clientAddress,
    options,
  })
  const client = openConnection({
    registry,
    wire: clientWire,
    localAddress: clientAddress,
    peerAddress: serverAddress,
    options,
  })
  serverWire.attach(server)
  clientWire.attach(client)
  void server.begin(serverProtocol)
  void client.begin(clientProtocol)
  return { reactor, server: server.transport, client: client.transport }
}

const MAX_TURNS = 100_000
/** More microtasks than any promise chain of the packages needs between two turns. */
const QUIET_TICKS = 50
