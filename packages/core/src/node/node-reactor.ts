import { isIP } from 'node:net'
import { type Address, tcpAddress, type TCPAddress, unixAddress, type UNIXAddress } from '../addresses.ts'
import type { DatagramBinding, DatagramWire } from '../datagram/datagram-wire.ts'
import { codeOf, DNSLookupError } from '../errors.ts'
import { asciiHost } from '../hosts.ts'
import type { LogEvent, LogObserver } from '../interfaces/log.ts'
import type { ProcessEvents, ProcessTransport, SpawnOptions } from '../interfaces/process.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  DeadlineKeeper,
  DelayedCall,
  InheritedSocket,
  ListeningPort,
  ListenTCPOptions,
  ListenUNIXOptions,
  LookupOptions,
  ReactorNames,
  RunOptions,
  StopSignal,
  SystemReactor,
} from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { filtered, textObserver } from '../log/observers.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { FACTORY, PROTOCOL } from '../options/object-rules.ts'
import { anything, callable, count, type OptionRules } from '../options/option-rules.ts'
import { WireReactor } from '../reactor/wire-reactor.ts'
import { untilAborted } from '../time/cancellable.ts'
import { NO_ADDRESS, NO_RESPONSE } from '../transport/dial-by-name.ts'
import type { DialEvents, ConnectAttempt } from '../transport/stream-connector.ts'
import { adoptConnection, inheritedSockets } from './adopt-connection.ts'
import { DatagramSocket } from './datagram-socket.ts'
import { descriptorAddress } from './descriptor.ts'
import { NodeTime } from './node-time.ts'
import { connectionLimit, keepHeap, waitingLimit } from './process-limits.ts'
import { SocketPort } from './socket-port.ts'
import { dialSocket } from './socket-wire.ts'
import { checkSpawn, SpawnedProcess } from './spawned-process.ts'
import { StandardIO } from './stream-wire.ts'
import { TolerableRejections } from './tolerable-rejections.ts'

/** The options of a reactor. */
export interface ReactorOptions {
  /** The log of the reactor: one observer, or several. Default: `logToStderr`. */
  readonly log?: LogObserver | readonly LogObserver[] | undefined
  /**
   * Most connections at a time; more wait, accepted but unread. Default: as many as the descriptor limit of
   * the process allows, less a reserve.
   */
  readonly maxConnections?: number | undefined
  /**
   * Looks up the numeric addresses of a host, best first, for every connection by name. Default: the system.
   */
  readonly lookup?: ReactorNames['lookup'] | undefined
}

/**
 * Makes a reactor over Node's sockets and timers. A process may have several.
 *
 * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range.
 */
export function createReactor(options: ReactorOptions = {}): SystemReactor {
  checkOptions('createReactor', options, RULES)
  return new NodeReactor(options)
}

class NodeReactor extends WireReactor implements SystemReactor {
  readonly #time: NodeTime = new NodeTime((event) => this.log(event))
  readonly #ownLookup: ReactorNames['lookup'] | undefined
  readonly #signals = new ProcessSignals((name) => this.#stopOnSignal(name))
  readonly #tolerableRejections = new TolerableRejections((event) => this.log(event))
  readonly #endTurn = (): void => this.registry.turn.end()
  #keepAlive: NodeJS.Timeout | undefined

  constructor({ log = logToStderr, maxConnections = connectionLimit(), lookup: ownLookup }: ReactorOptions) {
    super({ observers: log, otherwise: logToStderr, maxConnections, maxWaiting: waitingLimit() })
    this.#ownLookup = ownLookup
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

  randomBytes(size: number): Buffer {
    return process.getBuiltinModule('node:crypto').randomBytes(size)
  }

  readFile(path: string): Promise<Buffer> {
    return process.getBuiltinModule('node:fs').promises.readFile(path)
  }

  lookup(host: string, options: LookupOptions = {}): Promise<readonly string[]> {
    return (this.#ownLookup ?? lookupName)(asciiHost(host), options)
  }

  protected override acceptTCP(
    port: number,
    factory: ProtocolFactory,
    options: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>> {
    const { interface: host, backlog = DEFAULT_BACKLOG, ipv6Only = false, ...accept } = options
    const address = tcpAddress(host ?? '::', port)
    const listen = { port, backlog, ipv6Only, ...(host === undefined ? {} : { host }) }
    return SocketPort.open({ registry: this.registry, factory, address, listen, accept })
  }

  protected override acceptUNIX(
    path: string,
    factory: ProtocolFactory,
    options: ListenUNIXOptions,
  ): Promise<ListeningPort<UNIXAddress>> {
    const { backlog = DEFAULT_BACKLOG, mode, removeStale, ...accept } = options
    return SocketPort.open({
      registry: this.registry,
      factory,
      address: unixAddress(path),
      listen: { path, backlog },
      mode,
      removeStale,
      accept,
    })
  }

  inheritedSockets(): readonly InheritedSocket[] {
    return inheritedSockets(process.env)
  }

  async adoptStreamPort(fd: number, factory: ProtocolFactory): Promise<ListeningPort> {
    checkValue('adoptStreamPort', 'factory', factory, FACTORY)
    return SocketPort.open<Address>({
      registry: this.registry,
      factory,
      address: descriptorAddress(fd),
      // In a worker of a cluster: the primary does not have this descriptor.
      listen: { fd, exclusive: true },
    })
  }

  adoptStreamConnection<P extends ProtocolEvents>(fd: number, factory: ProtocolFactory<P>): Promise<P> {
    return adoptConnection(this.registry, fd, factory)
  }

  standardIO(protocol: ProtocolEvents): Transport {
    checkValue('standardIO', 'protocol', protocol, PROTOCOL)
    return new StandardIO(protocol, { registry: this.registry })
  }

  spawnProcess(
    protocol: ProcessEvents,
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): ProcessTransport {
    checkSpawn(protocol, command, args, options)
    return new SpawnedProcess({ registry: this.registry, protocol, command, args, options })
  }

  /** The check phase follows the poll phase, in which all sockets of a turn are read. */
  protected override armTurn(): void {
    setImmediate(this.#endTurn)
  }

  protected override dial(
    address: Address,
    events: DialEvents,
    bindAddress: string | undefined,
  ): ConnectAttempt {
    if (address.type === 'UNIX') return dialSocket(address, { path: address.path }, this, events)
    const { host, port } = address
    const local = bindAddress === undefined ? {} : { localAddress: bindAddress }
    const family = isIP(host) === 0 ? {} : { family: isIP(host) }
    return dialSocket(address, { host, port, ...local, ...family }, this, events)
  }

  protected override bindDatagrams(binding: DatagramBinding): Promise<DatagramWire> {
    return DatagramSocket.bind(binding)
  }

  protected override started({ installSignalHandlers = true }: RunOptions): void {
    keepHeap()
    this.#keepAlive = setInterval(() => undefined, LONGEST_INTERVAL_MS)
    this.#tolerableRejections.install()
    if (installSignalHandlers) this.#signals.install()
  }

  protected override stopped(): void {
    clearInterval(this.#keepAlive)
    this.#signals.remove()
    this.#tolerableRejections.remove()
    this.#time.cancelAll()
  }

  /** Logged only at a terminal, where a user may be waiting for the prompt. */
  protected override stillDraining(left: number): void {
    if (!process.stderr.isTTY) return
    const hint = this.#signals.lastChance ? '; press Ctrl-C again to abort them' : ''
    const text = `Waiting for {count} connection${left === 1 ? '' : 's'}${hint}`
    this.log({ level: 'info', text, fields: { count: left } })
  }

  /** A stop that is under way continues unchanged; the second signal ends the process. */
  #stopOnSignal(name: StopSignal): void {
    void this.registry.stop({}, name)
  }
}

/** While installed, calls `onSignal` at SIGINT or SIGTERM. A second signal ends the process. */
export class ProcessSignals {
  readonly #onSignal: (name: StopSignal) => void
  #received = 0
  readonly #listener = (name: NodeJS.Signals, number: number): void => {
    if (++this.#received > 1) process.exit(128 + number)
    this.#onSignal(name as StopSignal)
  }

  constructor(onSignal: (name: StopSignal) => void) {
    this.#onSignal = onSignal
  }

  /** Whether the next signal ends the process. */
  get lastChance(): boolean {
    return this.#received > 0
  }

  /** Starts listening. */
  install(): void {
    this.#received = 0
    for (const name of NAMES) process.on(name, this.#listener)
  }

  /** Removes the listeners of this object; those of other code stay. */
  remove(): void {
    for (const name of NAMES) process.off(name, this.#listener)
  }
}

/**
 * The addresses of `host`, in the order of the system.
 *
 * @throws {DNSLookupError} (rejects) when it has none, or the name service did not respond.
 */
export async function lookupName(host: string, { signal }: LookupOptions = {}): Promise<readonly string[]> {
  signal?.throwIfAborted()
  const { lookup } = process.getBuiltinModule('node:dns').promises
  const found = lookup(host, { all: true, order: 'verbatim' }).catch((cause: unknown) => {
    const why = codeOf(cause) === 'EAI_AGAIN' ? NO_RESPONSE : NO_ADDRESS
    throw new DNSLookupError(tcpAddress(host, 0), why, cause)
  })
  // The system's lookup cannot be stopped; its result is dropped.
  const addresses = await (signal === undefined ? found : untilAborted(found, signal))
  return addresses.map(({ address }) => address)
}

/** Writes an event to stderr as `textObserver` does, and drops debug events. The default log of a reactor. */
export function logToStderr(event: LogEvent): void {
  withoutDebug(event)
}

const withoutDebug = filtered(textObserver(writeToStderr), { level: 'info' })

function writeToStderr(text: string): void {
  const { stderr } = process
  // Without a listener, the error of a stderr that nothing reads any more would end the process.
  if (!stderr.listeners('error').includes(ignoreError)) stderr.on('error', ignoreError)
  stderr.write(text)
}

function ignoreError(): void {}

const DEFAULT_BACKLOG = 511
const LONGEST_INTERVAL_MS = 2 ** 31 - 1

const RULES: OptionRules<ReactorOptions> = {
  // One observer or several: the publisher checks them.
  log: anything,
  maxConnections: count({ least: 1, endless: true }),
  lookup: callable,
}
const NAMES: readonly StopSignal[] = ['SIGINT', 'SIGTERM']
