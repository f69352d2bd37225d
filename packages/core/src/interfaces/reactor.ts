import type { Address, TCPAddress, UNIXAddress } from '../addresses.ts'
import type { GivenOptions } from '../options/check-options.ts'
import type { ReactorUDP } from './datagram.ts'
import type { LogEvent, LogObservers } from './log.ts'
import type { ConnectionPolicy, WaitingOptions } from './policy.ts'
import type { ReactorProcess } from './process.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from './protocol-events.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from './tls.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** A function that will be called, once. */
export interface DelayedCall {
  /** When it is due, on the clock of `reactor.now()`, in milliseconds. */
  getTime(): number
  /** Whether it is still to come. */
  active(): boolean
  /** @throws {AlreadyCalled | AlreadyCancelled} unless active. */
  cancel(): void
  /**
   * Makes it due `delayMs` from now.
   *
   * @throws {AlreadyCalled | AlreadyCancelled} unless active.
   * @throws {RangeError} when `delayMs` is negative or not a number.
   */
  reset(delayMs: number): void
  /**
   * Makes it due `extraMs` later than it was, or earlier when that is negative.
   *
   * @throws {AlreadyCalled | AlreadyCancelled} unless active.
   * @throws {RangeError} when `extraMs` is not a number.
   */
  delay(extraMs: number): void
}

/** Time, as protocols see it. */
export interface ReactorTime {
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  now(): number
  /** Milliseconds since 1970, for dates people read. May jump. */
  wallClock(): number
  /**
   * Calls `call(...args)` in `delayMs` milliseconds, 0 meaning the next turn. A throw, or a promise
   * that rejects, is logged.
   *
   * @throws {RangeError} when `delayMs` is negative or not a number.
   */
  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall
  /** Keeps the deadlines of connections: see `Deadline`. */
  readonly deadlines: DeadlineKeeper
  /** Every call that is still to come. */
  getDelayedCalls(): DelayedCall[]
}

/** When a trigger runs: each phase waits for the promises of the one before. */
export type TriggerPhase = 'before' | 'during' | 'after'
/** What a trigger can be attached to. */
export type SystemEvent = 'startup' | 'shutdown'

/** Names a trigger, to remove it. */
export interface TriggerId {
  readonly phase: TriggerPhase
  readonly event: SystemEvent
}

/** How `run` behaves. */
export interface RunOptions {
  /** Whether SIGINT and SIGTERM stop the reactor, a second one the process. Default true. */
  readonly installSignalHandlers?: boolean | undefined
  /** How every stop of this run goes, at a signal too; what `stop` itself is given comes first. */
  readonly stop?: StopOptions | undefined
}

/** How `stop` behaves. */
export interface StopOptions {
  /**
   * How long everything goes on as before, in milliseconds, ports accept connections too: only `reactor.stopping`
   * is true, so that health checks fail and load balancers send no more. Default 0.
   */
  readonly delayMs?: number | undefined
  /**
   * Longest wait for the triggers of each phase of the shutdown, in milliseconds; then the stop goes on without
   * those that have not finished, which is logged. Default 30 000.
   */
  readonly triggerMs?: number | undefined
  /**
   * Asks the connections to drain one after the other, the oldest first, evenly over so many milliseconds, so that
   * not all clients connect elsewhere at once. Default 0: all at once.
   */
  readonly drainOverMs?: number | undefined
  /**
   * Longest wait for connections to finish what they are at, in milliseconds from the end of `drainOverMs`; then
   * they are aborted. Default 10 000.
   */
  readonly drainMs?: number | undefined
}

/**
 * How the connections and child processes that were up at a stop ended, each named as in the log:
 * `Echo 3 127.0.0.1:5000`, `Sorting sort[4711]`.
 */
export interface StopReport {
  /** Those that finished what they were at. */
  readonly completed: readonly string[]
  /** Those that were cut at the deadline, also those that began while the others finished. */
  readonly aborted: readonly string[]
  /** The signal that stopped the reactor; undefined when the program did. */
  readonly signal?: StopSignal | undefined
}

/** A signal that stops a reactor. */
export type StopSignal = 'SIGINT' | 'SIGTERM'

/** Starting, running and stopping. */
export interface ReactorCore {
  readonly running: boolean
  /** Whether a stop was asked for that is not over. */
  readonly stopping: boolean
  /**
   * Runs until stopped: startup triggers, then connections and timers, then shutdown triggers. Resolves with what
   * `stop` resolves with.
   *
   * @throws {ReactorAlreadyRunning} (rejects)
   * @throws {TypeError | RangeError} (rejects) when an option is unknown, of the wrong type or out of range.
   */
  run(options?: RunOptions): Promise<StopReport>
  /**
   * Stops listening, lets every connection drain, aborts the rest; resolves when `run` does. While a stop is under
   * way it returns the promise of that one, whose options stay as they are.
   *
   * @throws {ReactorNotRunning} (rejects) unless running. When no code waits for the promise, that is logged.
   * @throws {TypeError | RangeError} (rejects) when an option is unknown, of the wrong type or out of range.
   */
  stop(options?: StopOptions): Promise<StopReport>
  /** Calls now if running, otherwise at the next startup. @throws {TypeError} when `call` is not a function. */
  callWhenRunning(call: () => unknown): void
  /**
   * Calls at each start or stop of the reactor. The next phase waits for the promise it returns, at a stop for
   * `triggerMs` at most. A throw is logged.
   *
   * @throws {TypeError | RangeError} for a phase or an event that does not exist, or when `call` is not a function.
   */
  addSystemEventTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId
  /** Takes a trigger away; does nothing when it is gone already. */
  removeSystemEventTrigger(id: TriggerId): void
}

/** A port that accepts connections. */
export interface ListeningPort<A extends Address = Address> {
  readonly factory: ProtocolFactory
  /** Those of its connections that are up. */
  readonly connections: ReadonlySet<Transport>
  /** Where it listens; the real port number when 0 was asked for. */
  getHost(): A
  /** Accepts no more until `resume`: clients are refused, as if nobody listened. Connections that are up stay up. */
  suspend(): Promise<void>
  /**
   * Accepts again at the same address. Does nothing unless suspended.
   *
   * @throws {CannotListenError} (rejects) when somebody else has the address meanwhile.
   */
  resume(): Promise<void>
  /** Accepts no more; connections that are up stay up. Resolves when the port is free. */
  stopListening(): Promise<void>
  /** The same as `stopListening`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What a port does with the connections it accepts. */
export interface AcceptOptions extends WaitingOptions {
  /** Most connections of this port at a time; more wait. Default: what the reactor can hold. */
  readonly maxConnections?: number | undefined
  /** Rules over every connection of this port; the factory's own come behind them. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /** Limits and deadlines of each transport. */
  readonly transport?: GivenOptions<TransportOptions> | undefined
}

/** How to listen on TCP. */
export interface ListenTCPOptions extends AcceptOptions {
  /** The address to listen on: default every one, IPv4 and IPv6. */
  readonly interface?: string | undefined
  /** Most connections that wait to be accepted. Default 511. */
  readonly backlog?: number | undefined
  /** Whether a port on `::` leaves IPv4 to others. Default false. */
  readonly ipv6Only?: boolean | undefined
}

/** How to connect by TCP. */
export interface ConnectTCPOptions {
  /**
   * Longest wait for the connection, the lookup of a name and all its addresses included, in milliseconds; then it fails
   * with TimeoutError. Default 30 000.
   */
  readonly timeoutMs?: number | undefined
  /** The local address to connect from. */
  readonly bindAddress?: string | undefined
  /** Rules over the connection; the factory's own come behind them. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /** Limits and deadlines of the transport. */
  readonly transport?: GivenOptions<TransportOptions> | undefined
}

/** TCP connections. */
export interface ReactorTCP {
  /**
   * Accepts connections on `port`, 0 for any free one; each gets a protocol of `factory`.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be had.
   */
  listenTCP(
    port: number,
    factory: ProtocolFactory,
    options?: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>>
  /**
   * Connects to `host`; failures reach `factory.clientConnectionFailed` and `connector.whenConnected()`.
   *
   * A name is looked up, and its addresses are tried beside each other, 250 ms apart, until the first connection is up
   * (RFC 8305); an international one is encoded before.
   *
   * @throws {InvalidAddressError} for an international name that cannot be encoded.
   */
  connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options?: ConnectTCPOptions,
  ): Connector<P>
}

/** How to listen on a UNIX socket. */
export interface ListenUNIXOptions extends AcceptOptions {
  readonly backlog?: number | undefined
  /** Permission bits of the socket's file, such as 0o660; before it has them, nobody else can connect. Default: what the umask leaves. */
  readonly mode?: number | undefined
  /**
   * Removes first what a killed program has left at the path: a socket's file on which nobody listens.
   * Anything else stays, and is in the way. Default false.
   */
  readonly removeStale?: boolean | undefined
}

/** UNIX socket connections. */
export interface ReactorUNIX {
  /** @throws {CannotListenError} (rejects) when the path cannot be had. */
  listenUNIX(
    path: string,
    factory: ProtocolFactory,
    options?: ListenUNIXOptions,
  ): Promise<ListeningPort<UNIXAddress>>
  /** Connects to the socket at `path`; failures reach `factory.clientConnectionFailed` and `connector.whenConnected()`. */
  connectUNIX<P extends ProtocolEvents>(
    path: string,
    factory: ProtocolFactory<P>,
    options?: Omit<ConnectTCPOptions, 'bindAddress'>,
  ): Connector<P>
}

/** TLS connections: TCP with TLS from the first byte. */
export interface ReactorTLS {
  /**
   * Accepts TLS connections on `port`. A protocol is built once a connection's handshake is done.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be had.
   * @throws {TLSConfigurationError} when a certificate or key in the options cannot be used.
   */
  listenSSL(
    port: number,
    factory: ProtocolFactory,
    tls: TLSContext | ServerTLSOptions,
    options?: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>>
  /**
   * Connects to `host` and speaks TLS, verifying the server's certificate. Failures of either reach
   * `factory.clientConnectionFailed` and `connector.whenConnected()`.
   */
  connectSSL<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    tls?: TLSContext | ClientTLSOptions,
    options?: ConnectTCPOptions,
  ): Connector<P>
}

/** Files, such as certificates. */
export interface ReactorFiles {
  /** The whole file at `path`; rejects with the system's error. */
  readFile(path: string): Promise<Buffer>
}

/** How one name is looked up. */
export interface LookupOptions {
  /** Gives the lookup up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Names of hosts. */
export interface ReactorNames {
  /**
   * The addresses of `host`, numeric, in the order the system prefers; a numeric host is its own.
   *
   * @throws {DNSLookupError} (rejects) when it has none.
   */
  lookup(host: string, options?: LookupOptions): Promise<readonly string[]>
}

/** A listening socket that systemd has handed over. */
export interface InheritedSocket {
  readonly fd: number
  /** Its `FileDescriptorName`; `unknown` where systemd gave none. */
  readonly name: string
}

/** Sockets that somebody else has opened, such as systemd. */
export interface ReactorDescriptors {
  /** What systemd has handed over to this process (sd_listen_fds), in its order. */
  inheritedSockets(): readonly InheritedSocket[]
  /**
   * Accepts connections on a listening socket's descriptor, which becomes the reactor's. The port
   * cannot be suspended: the descriptor could not be had again.
   *
   * @throws {CannotListenError} (rejects) when `fd` is no listening stream socket; a socket is closed then, a file is
   *   not. Systems other than Linux cannot be asked: there a socket that is bound is made to listen.
   */
  adoptStreamPort(fd: number, factory: ProtocolFactory): Promise<ListeningPort>
  /**
   * Makes a connected stream socket's descriptor the connection of a protocol of `factory`.
   *
   * @throws {ConnectError} (rejects) when `fd` is no connected stream socket, or the factory refuses; a socket is closed
   *   then, a file is not.
   */
  adoptStreamConnection<P extends ProtocolEvents>(fd: number, factory: ProtocolFactory<P>): Promise<P>
}

/** The process's own standard input and output. */
export interface ReactorStandardIO {
  /**
   * Makes stdin and stdout the connection of `protocol`; when it is over, both are as they were found.
   *
   * @throws {TypeError} for what is no protocol.
   * @throws {LocalProtocolError} when somebody reads stdin already, it has ended, or the reactor is stopping.
   */
  standardIO(protocol: ProtocolEvents): Transport
}

/** Randomness that a simulation can make repeatable. */
export interface ReactorRandom {
  /** Bytes nobody can guess. */
  randomBytes(count: number): Buffer
}

/** Where the current connection is kept: an `AsyncLocalStorage<Transport>`. */
export interface ConnectionContext {
  run<R, A extends unknown[]>(transport: Transport, call: (...args: A) => R, ...args: A): R
}

/** The connection of which code is a part. */
export interface ReactorContext {
  /**
   * From now on every callback of a connection, its producers' and policies' too, runs inside
   * `context` with its transport, and so does all that it begins: across `await`, timers and events.
   *
   * Asked for rather than always there, because before Node 24 it slows every promise of the process.
   */
  keepContext(context: ConnectionContext): void
}

/** Where faults and news are told. */
export interface ReactorLog {
  log(event: LogEvent): void
}

/** Everything that touches the world outside: time, connections, randomness, the log. */
export interface Reactor
  extends
    ReactorCore,
    ReactorTime,
    ReactorTCP,
    ReactorTLS,
    ReactorUNIX,
    ReactorUDP,
    ReactorFiles,
    ReactorNames,
    ReactorRandom,
    ReactorContext,
    ReactorLog {
  /** Who is told of what is logged: add an observer, or remove one. */
  readonly logPublisher: LogObservers
  /** Every connection that is up, whoever reads it. */
  readonly connections: Iterable<Transport>
}

/** A reactor over an operating system. What it has beyond `Reactor`, one in memory or a simulation cannot have. */
export interface SystemReactor extends Reactor, ReactorDescriptors, ReactorProcess, ReactorStandardIO {}

/** A deadline as its keeper sees it. */
export interface KeptDeadline {
  /** When it passes, in milliseconds on the keeper's clock. */
  readonly dueMs: number
  /** Its time is over. */
  pass(): void
}

/** Keeps the deadlines of all connections of a reactor. */
export interface DeadlineKeeper {
  /** Milliseconds on a clock that stands still while the event loop does. */
  now(): number
  /** Lets `deadline` pass at its `dueMs`. Asked again when that has changed. */
  keep(deadline: KeptDeadline): void
  /** Lets it pass no more. */
  forget(deadline: KeptDeadline): void
}
