import type { Address, TCPAddress, UNIXAddress } from '../addresses.ts'
import type { GivenOptions } from '../options/check-options.ts'
import type { ReactorUDP } from './datagram.ts'
import type { LogEvent, LogObservers } from './log.ts'
import type { ConnectionPolicy, WaitingOptions } from './policy.ts'
import type { ReactorProcess } from './process.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from './protocol-events.ts'
import type { ClientTLSOptions, ServerTLSOptions, TLSContext } from './tls.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** A function call that the reactor has scheduled. It is made once. */
export interface DelayedCall {
  /** When the call is due, in milliseconds on the clock of `reactor.now()`. */
  getTime(): number
  /** False once the call was made or cancelled. */
  active(): boolean
  /**
   * Cancels the call.
   *
   * @throws {AlreadyCalled | AlreadyCancelled} unless active.
   */
  cancel(): void
  /**
   * Moves the call to `delayMs` milliseconds from now.
   *
   * @throws {AlreadyCalled | AlreadyCancelled} unless active.
   * @throws {RangeError} when `delayMs` is negative or not a number.
   */
  reset(delayMs: number): void
  /**
   * Moves the call `extraMs` milliseconds later; a negative number moves it earlier.
   *
   * @throws {AlreadyCalled | AlreadyCancelled} unless active.
   * @throws {RangeError} when `extraMs` is not a number.
   */
  delay(extraMs: number): void
}

/** Clocks and timers. */
export interface ReactorTime {
  /** Milliseconds on a monotonic clock. Only the difference of two readings has a meaning. */
  now(): number
  /** Milliseconds since 1970, for dates that people read. This clock may jump. */
  wallClock(): number
  /**
   * Calls `call(...args)` in `delayMs` milliseconds; 0 means the next turn. What it throws or rejects with is
   * logged.
   *
   * @throws {RangeError} when `delayMs` is negative or not a number.
   */
  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall
  /** The deadlines of connections: see `Deadline`. */
  readonly deadlines: DeadlineKeeper
  /** Every scheduled call that is still active. */
  getDelayedCalls(): DelayedCall[]
}

/** When a trigger runs. Each phase waits for the promises of the phase before it. */
export type TriggerPhase = 'before' | 'during' | 'after'
/** The event that runs a trigger. */
export type SystemEvent = 'startup' | 'shutdown'

/** Identifies a trigger in `removeSystemEventTrigger`. */
export interface TriggerId {
  readonly phase: TriggerPhase
  readonly event: SystemEvent
}

/** Options of `run`. */
export interface RunOptions {
  /** Whether SIGINT and SIGTERM stop the reactor. A second signal ends the process. Default true. */
  readonly installSignalHandlers?: boolean | undefined
  /**
   * Options of every stop of this run, also of one that a signal starts. Options given to `stop` override
   * these.
   */
  readonly stop?: StopOptions | undefined
}

/** Options of `stop`. */
export interface StopOptions {
  /**
   * How long everything continues before the shutdown begins, in milliseconds. Ports still accept
   * connections, but `reactor.stopping` is true: health checks can fail, so that load balancers send no new
   * clients. Default 0.
   */
  readonly delayMs?: number | undefined
  /**
   * Longest wait for the triggers of each phase of the shutdown, in milliseconds. Then the stop continues
   * without those that have not finished, and logs this. Default 30 000.
   */
  readonly triggerMs?: number | undefined
  /**
   * Drains the connections one after the other, the oldest first, spread evenly over this many milliseconds,
   * so that their clients do not all reconnect at the same time. Default 0: all at once.
   */
  readonly drainOverMs?: number | undefined
  /**
   * Longest wait for connections to finish their current work, in milliseconds from the end of `drainOverMs`.
   * Then they are aborted. Default 10 000.
   */
  readonly drainMs?: number | undefined
}

/**
 * How the connections and child processes that were up at a stop ended. Each is named as in the log:
 * `Echo 3 127.0.0.1:5000`, `Sorting sort[4711]`.
 */
export interface StopReport {
  /** Those that finished their work. */
  readonly completed: readonly string[]
  /** Those that were aborted at the deadline, also those that began during the drain. */
  readonly aborted: readonly string[]
  /** The signal that stopped the reactor; undefined when the program called `stop`. */
  readonly signal?: StopSignal | undefined
}

/** A signal that stops a reactor. */
export type StopSignal = 'SIGINT' | 'SIGTERM'

/** Starting, running and stopping. */
export interface ReactorCore {
  readonly running: boolean
  /** True from the call of `stop`, or a signal, until the stop is complete. */
  readonly stopping: boolean
  /**
   * Runs until stopped: startup triggers, then connections and timers, then shutdown triggers. Resolves with
   * the same report as `stop`.
   *
   * @throws {ReactorAlreadyRunning} (rejects)
   * @throws {TypeError | RangeError} (rejects) when an option is unknown, of the wrong type or out of range.
   */
  run(options?: RunOptions): Promise<StopReport>
  /**
   * Stops listening, drains every connection and aborts the rest. Resolves when `run` does. While a stop is
   * under way, returns the promise of that stop and does not change its options.
   *
   * @throws {ReactorNotRunning} (rejects) unless running. If the promise is not awaited, the rejection is
   *   logged.
   * @throws {TypeError | RangeError} (rejects) when an option is unknown, of the wrong type or out of range.
   */
  stop(options?: StopOptions): Promise<StopReport>
  /**
   * Calls `call` now if the reactor is running, otherwise at the next startup.
   *
   * @throws {TypeError} when `call` is not a function.
   */
  callWhenRunning(call: () => unknown): void
  /**
   * Calls `call` at each start or stop of the reactor. The next phase waits for the promise that it returns;
   * at a stop it waits `triggerMs` at most. What `call` throws is logged.
   *
   * @throws {TypeError | RangeError} when the phase or the event does not exist, or `call` is not a function.
   */
  addSystemEventTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId
  /** Removes a trigger. Does nothing when it was removed already. */
  removeSystemEventTrigger(id: TriggerId): void
}

/** A port that accepts connections. */
export interface ListeningPort<A extends Address = Address> {
  readonly factory: ProtocolFactory
  /** The connections that it has accepted and that are up. */
  readonly connections: ReadonlySet<Transport>
  /** The address it listens on, with the actual port number when 0 was given. */
  getHost(): A
  /**
   * Closes the listening socket until `resume`. The system refuses clients, as if no program listened.
   * Connections that are up stay up.
   */
  suspend(): Promise<void>
  /**
   * Listens again on the same address. Does nothing unless suspended.
   *
   * @throws {CannotListenError} (rejects) when another socket has taken the address in the meantime.
   */
  resume(): Promise<void>
  /** Stops listening for good. Connections that are up stay up. Resolves when the port is free. */
  stopListening(): Promise<void>
  /** The same as `stopListening`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** How a port treats the connections it accepts. */
export interface AcceptOptions extends WaitingOptions {
  /** Most connections of this port at a time. Further ones wait. Default: as many as the reactor can hold. */
  readonly maxConnections?: number | undefined
  /** Policies of every connection of this port. The factory's own policies come after them. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /** Limits and deadlines of each connection. */
  readonly transport?: GivenOptions<TransportOptions> | undefined
}

/** Options of `listenTCP`. */
export interface ListenTCPOptions extends AcceptOptions {
  /** The address to listen on. Default: every address, IPv4 and IPv6. */
  readonly interface?: string | undefined
  /** Longest accept queue of the operating system, in connections. Default 511. */
  readonly backlog?: number | undefined
  /**
   * Whether a port on `::` listens on IPv6 only, so that another socket can have the IPv4 port. Default
   * false.
   */
  readonly ipv6Only?: boolean | undefined
}

/** Options of `connectTCP`. */
export interface ConnectTCPOptions {
  /**
   * Longest wait for the connection in milliseconds, including the lookup of the name and the attempts at all
   * its addresses. Then the attempt fails with a TimeoutError. Default 30 000.
   */
  readonly timeoutMs?: number | undefined
  /** The local address to connect from. */
  readonly bindAddress?: string | undefined
  /** Policies of the connection. The factory's own policies come after them. */
  readonly policies?: readonly ConnectionPolicy[] | undefined
  /** Limits and deadlines of the connection. */
  readonly transport?: GivenOptions<TransportOptions> | undefined
}

/** TCP connections. */
export interface ReactorTCP {
  /**
   * Accepts connections on `port`, where 0 means any free one. `factory` builds a protocol for each
   * connection.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be listened on.
   */
  listenTCP(
    port: number,
    factory: ProtocolFactory,
    options?: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>>
  /**
   * Connects to `host`. A failure reaches `factory.clientConnectionFailed` and `connector.whenConnected()`.
   *
   * A name is looked up. Attempts at its addresses start 250 ms apart and run in parallel, until the first
   * connection is up (RFC 8305). An internationalized name is encoded first.
   *
   * @throws {InvalidAddressError} when an internationalized name cannot be encoded.
   */
  connectTCP<P extends ProtocolEvents>(
    host: string,
    port: number,
    factory: ProtocolFactory<P>,
    options?: ConnectTCPOptions,
  ): Connector<P>
}

/** Options of `listenUNIX`. */
export interface ListenUNIXOptions extends AcceptOptions {
  readonly backlog?: number | undefined
  /**
   * Permission bits of the socket's file, such as 0o660. Until they are set, no other user can connect.
   * Default: as the umask determines.
   */
  readonly mode?: number | undefined
  /**
   * Whether to remove a stale socket file at the path first: one on which no program listens, as a killed
   * program leaves it. Any other file stays, and listening fails. Default false.
   */
  readonly removeStale?: boolean | undefined
}

/** UNIX socket connections. */
export interface ReactorUNIX {
  /**
   * Accepts connections on a UNIX socket at `path`.
   *
   * @throws {CannotListenError} (rejects) when the path cannot be listened on.
   */
  listenUNIX(
    path: string,
    factory: ProtocolFactory,
    options?: ListenUNIXOptions,
  ): Promise<ListeningPort<UNIXAddress>>
  /**
   * Connects to the socket at `path`. A failure reaches `factory.clientConnectionFailed` and
   * `connector.whenConnected()`.
   */
  connectUNIX<P extends ProtocolEvents>(
    path: string,
    factory: ProtocolFactory<P>,
    options?: Omit<ConnectTCPOptions, 'bindAddress'>,
  ): Connector<P>
}

/** TLS connections: TCP with TLS from the first byte. */
export interface ReactorTLS {
  /**
   * Accepts TLS connections on `port`. `factory` builds a protocol when a connection's handshake is complete.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be listened on.
   * @throws {TLSConfigurationError} when a certificate or key in the options cannot be used.
   */
  listenSSL(
    port: number,
    factory: ProtocolFactory,
    tls: TLSContext | ServerTLSOptions,
    options?: ListenTCPOptions,
  ): Promise<ListeningPort<TCPAddress>>
  /**
   * Connects to `host` with TLS and verifies the server's certificate. A failure to connect or in the
   * handshake reaches `factory.clientConnectionFailed` and `connector.whenConnected()`.
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
  /** Reads the whole file at `path`. Rejects with the system's error. */
  readFile(path: string): Promise<Buffer>
}

/** Options of `lookup`. */
export interface LookupOptions {
  /** Cancels the lookup: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Lookup of host names. */
export interface ReactorNames {
  /**
   * Returns the numeric addresses of `host` in the order the system prefers. A numeric host is returned as it
   * is.
   *
   * @throws {DNSLookupError} (rejects) when the name has no address.
   */
  lookup(host: string, options?: LookupOptions): Promise<readonly string[]>
}

/** A listening socket that systemd has passed to this process. */
export interface InheritedSocket {
  readonly fd: number
  /** Its `FileDescriptorName`; `unknown` when systemd has passed no name. */
  readonly name: string
}

/** Sockets that another program, such as systemd, has opened. */
export interface ReactorDescriptors {
  /** The sockets that systemd has passed to this process (sd_listen_fds), in its order. */
  inheritedSockets(): readonly InheritedSocket[]
  /**
   * Accepts connections on the descriptor of a listening socket. The reactor owns the descriptor from then
   * on. The port cannot be suspended, because a closed descriptor cannot be opened again.
   *
   * @throws {CannotListenError} (rejects) when `fd` is not a listening stream socket. Another kind of socket
   *   is closed then, a file is not. Only Linux can report whether a socket listens: elsewhere a bound socket
   *   is made to listen.
   */
  adoptStreamPort(fd: number, factory: ProtocolFactory): Promise<ListeningPort>
  /**
   * Uses the descriptor of a connected stream socket as a connection. `factory` builds its protocol.
   *
   * @throws {ConnectError} (rejects) when `fd` is not a connected stream socket, or the factory refuses the
   *   connection. A socket is closed then, a file is not.
   */
  adoptStreamConnection<P extends ProtocolEvents>(fd: number, factory: ProtocolFactory<P>): Promise<P>
}

/** The process's own standard input and output. */
export interface ReactorStandardIO {
  /**
   * Uses stdin and stdout as the connection of `protocol`. When the connection ends, both are restored to
   * their state from before.
   *
   * @throws {TypeError} when `protocol` is not a protocol.
   * @throws {LocalProtocolError} when stdin is being read already or has ended, or the reactor is stopping.
   */
  standardIO(protocol: ProtocolEvents): Transport
}

/** A source of random bytes, which a simulation can make repeatable. */
export interface ReactorRandom {
  /** Cryptographically strong random bytes. */
  randomBytes(count: number): Buffer
}

/** Stores the current connection for asynchronous code: an `AsyncLocalStorage<Transport>`. */
export interface ConnectionContext {
  run<R, A extends unknown[]>(transport: Transport, call: (...args: A) => R, ...args: A): R
}

/** The connection for which code runs. */
export interface ReactorContext {
  /**
   * From now on every callback of a connection, and of its producers and policies, runs inside `context` with
   * the connection's transport. So does everything that such a callback starts: code after `await`, timers,
   * events.
   *
   * It is off unless this method is called, because before Node 24 it slows down every promise of the
   * process.
   */
  keepContext(context: ConnectionContext): void
}

/** The reactor's log. */
export interface ReactorLog {
  log(event: LogEvent): void
}

/** Everything that a program uses of the system: time, connections, files, names, randomness and the log. */
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
  /** The observers of the log: add an observer here, or remove one. */
  readonly logPublisher: LogObservers
  /** Every connection that is up, whichever protocol is current on it. */
  readonly connections: Iterable<Transport>
}

/**
 * A reactor over an operating system. Reactors in memory and in a simulation do not have what it adds to
 * `Reactor`.
 */
export interface SystemReactor extends Reactor, ReactorDescriptors, ReactorProcess, ReactorStandardIO {}

/** A deadline that a DeadlineKeeper watches. */
export interface KeptDeadline {
  /** When it is due, in milliseconds on the keeper's clock. */
  readonly dueMs: number
  /** Undefined at first; only the keeper reads or changes it. A deadline has one keeper for its whole life. */
  place: DeadlinePlace | undefined
  /** Called when the deadline expires. */
  expire(): void
}

/** Where a DeadlineKeeper has put a deadline. It belongs to the keeper. */
export interface DeadlinePlace {
  readonly deadline: KeptDeadline
  tick: number
  previous: DeadlinePlace | undefined
  next: DeadlinePlace | undefined
}

/** Watches the deadlines of all connections of a reactor. */
export interface DeadlineKeeper {
  /** Milliseconds on a clock that stops while the event loop is blocked. */
  now(): number
  /** Calls `deadline.expire()` at its `dueMs`. Call `keep` again when `dueMs` has changed. */
  keep(deadline: KeptDeadline): void
  /** Stops watching `deadline`. */
  forget(deadline: KeptDeadline): void
}
