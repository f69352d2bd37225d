import { type Address, formatAddress } from '../addresses.ts'
import type { Connector, ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { ConnectTCPOptions } from '../interfaces/reactor.ts'
import type { TLSContext, TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import {
  type ConnectionClosed,
  ConnectingCancelledError,
  NoProtocol,
  NotConnectingError,
  TimeoutError,
  TLSHandshakeError,
} from '../errors.ts'
import { buildProtocol } from './build-protocol.ts'
import { callSafely } from '../safely.ts'
import { ResettableTimer } from '../time/timers.ts'
import { diagnose } from './diagnostics.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './stream-transport.ts'
import { TLSHandshakeProtocol } from './tls-layer.ts'
import { transportOptions } from './transport-options.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import type { ConnectedWire } from '../interfaces/wire.ts'

/** An attempt to connect that is running. */
export interface ConnectAttempt {
  /** Cancels the attempt. Its events are not called afterwards. */
  cancel(): void
}

/** The outcome of one attempt: one of the two is called, once, in a later turn. */
export interface DialEvents<T = ConnectedWire> {
  connected(connection: T): void
  failed(reason: Error): void
}

/** What a StreamConnector needs to connect. */
export interface StreamConnectorSetup<P extends ProtocolEvents> {
  readonly registry: ConnectionRegistry
  readonly factory: ProtocolFactory<P>
  readonly address: Address
  readonly options?: Omit<ConnectTCPOptions, 'bindAddress'>
  /** Starts TLS with this context before the protocol is built. */
  readonly tls?: TLSContext | undefined
  /** Starts one attempt. */
  readonly dial: (events: DialEvents) => ConnectAttempt
}

/** The connector of every kind of client connection. The kinds differ only in `dial`. */
export class StreamConnector<P extends ProtocolEvents> implements Connector<P> {
  readonly #setup: StreamConnectorSetup<P>
  readonly #deadline: ResettableTimer
  #state: State<P>
  #waiters: Waiter<P>[] = []
  /** Whether `doStart` of the factory was called, without a `doStop` since. */
  #factoryStarted = false

  constructor(setup: StreamConnectorSetup<P>) {
    const { registry, address } = setup
    const timeoutMs = timeoutOf(setup)
    this.#setup = setup
    this.#state = { is: 'disconnected', why: new NotConnectingError('No connection has been asked for') }
    this.#deadline = new ResettableTimer(registry.reactor, () =>
      this.#attemptFailed(new TimeoutError(address, `it took longer than ${timeoutMs} ms`)),
    )
  }

  get state(): 'disconnected' | 'connecting' | 'connected' {
    return this.#state.is
  }

  getDestination(): Address {
    return this.#setup.address
  }

  connect(): void {
    const { registry, factory, dial } = this.#setup
    // While the reactor stops, a factory cannot reconnect in its callbacks. Other code can connect, because a
    // protocol may need another connection to finish its work.
    if (this.#state.is !== 'disconnected' || (this.#factoryStarted && registry.stopping)) return
    // `dial` throws when the address is invalid, so nothing else has happened by then.
    const attempt = dial({
      connected: (wire) => this.#wireConnected(wire),
      failed: (reason) => this.#attemptFailed(reason),
    })
    this.#state = { is: 'connecting', attempt }
    this.#deadline.set(timeoutOf(this.#setup))
    if (!this.#factoryStarted) this.#call(() => factory.doStart())
    this.#factoryStarted = true
    this.#call(() => factory.startedConnecting?.(this))
    // The callback may have stopped the attempt, or started another one.
    if (this.#state.attempt === attempt) registry.attemptStarted(this)
  }

  disconnect(): void {
    if (this.#state.is === 'connecting') this.stopConnecting()
    else if (this.#state.is === 'connected') this.#state.connection.loseConnection()
  }

  stopConnecting(): void {
    if (this.#state.is !== 'connecting') {
      throw new NotConnectingError('Cannot stop connecting: no connection is being made')
    }
    this.#attemptFailed(new ConnectingCancelledError(this.#setup.address, 'the attempt was cancelled'))
  }

  whenConnected(): Promise<P> {
    const state = this.#state
    if (state.is === 'connected' && state.ready) return Promise.resolve(state.protocol)
    if (state.is === 'disconnected') return Promise.reject(state.why)
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  get #policies(): readonly ConnectionPolicy[] {
    const { factory, options } = this.#setup
    return [...(options?.policies ?? []), ...(factory.policies ?? [])]
  }

  #wireConnected(connected: ConnectedWire): void {
    const { tls } = this.#setup
    if (tls !== undefined) return this.#handshake(connected, tls)
    const protocol = this.#build(connected.peerAddress)
    if (protocol instanceof NoProtocol) {
      connected.wire.close()
      return this.#attemptFailed(protocol)
    }
    const connection = this.#connectionOver(connected)
    this.#attemptSucceeded(connection, protocol)
    connected.attach(connection)
    this.#awaitReady(connection, protocol, connection.begin(protocol, this.#policies))
  }

  /** The state remains 'connecting' until the handshake is complete. */
  #handshake(connected: ConnectedWire, tls: TLSContext): void {
    const connection = this.#connectionOver(connected)
    this.#state = { is: 'connecting', attempt: { cancel: () => connection.abortConnection() }, connection }
    connected.attach(connection)
    const completed = (_transport: Transport, session: TLSSession): void => this.#secured(connection, session)
    void connection.begin(
      new TLSHandshakeProtocol(tls, { completed, failed: () => undefined }),
      this.#policies,
    )
  }

  #secured(connection: Connection, session: TLSSession): void {
    const protocol = this.#build(connection.peerAddress, session)
    if (protocol instanceof NoProtocol) return this.#attemptFailed(protocol)
    this.#attemptSucceeded(connection, protocol)
    this.#awaitReady(connection, protocol, connection.switchProtocol(protocol))
  }

  #connectionOver({ wire, localAddress, peerAddress }: ConnectedWire): Connection {
    const { registry, options } = this.#setup
    const connection: Connection = openConnection({
      registry,
      wire,
      localAddress,
      peerAddress,
      options: transportOptions(options?.transport),
      onLost: (reason) => this.#connectionLost(connection, reason),
    })
    return connection
  }

  #attemptSucceeded(connection: Connection, protocol: P): void {
    this.#state = { is: 'connected', connection, protocol, ready: false }
    this.#deadline.clear()
    this.#setup.registry.attemptEnded(this)
  }

  /** If connectionMade fails, the promises of whenConnected reject when the connection is lost. */
  #awaitReady(connection: Connection, protocol: P, settled: Promise<void> | undefined): void {
    diagnose('ropewalk.connect', () => ({ transport: connection.transport, protocol }))
    if (settled === undefined) this.#protocolReady(connection, protocol)
    else void settled.then(() => this.#protocolReady(connection, protocol))
  }

  #protocolReady(connection: Connection, protocol: P): void {
    const state = this.#state
    // The connection may be lost by now, and another attempt may be running.
    if (connection.aborted || state.is !== 'connected' || state.connection !== connection) return
    this.#state = { ...state, ready: true }
    this.#settleWaiters(({ resolve }) => resolve(protocol))
  }

  #build(peer: Address, session?: TLSSession): P | NoProtocol {
    const { factory, address, registry } = this.#setup
    return buildProtocol(factory, { peer, session, address, reactor: registry.reactor })
  }

  #attemptFailed(why: Error): void {
    if (this.#state.is !== 'connecting') return
    this.#state.attempt.cancel()
    this.#state = { is: 'disconnected', why }
    this.#deadline.clear()
    this.#setup.registry.attemptEnded(this)
    this.#settleWaiters(({ reject }) => reject(why))
    this.#call(() => this.#setup.factory.clientConnectionFailed?.(this, why))
    this.#stopFactoryIfIdle()
  }

  /** Ignores the end of a connection after its attempt was cancelled. */
  #connectionLost(connection: Connection, reason: ConnectionClosed): void {
    if (this.#state.is === 'disconnected' || this.#state.connection !== connection) return
    if (this.#state.is === 'connected') return this.#lost(reason)
    const why = reason.cause instanceof Error ? reason.cause : reason
    this.#attemptFailed(new TLSHandshakeError(this.#setup.address, why.message, why))
  }

  #lost(why: ConnectionClosed): void {
    this.#state = { is: 'disconnected', why }
    this.#settleWaiters(({ reject }) => reject(why))
    this.#call(() => this.#setup.factory.clientConnectionLost?.(this, why))
    this.#stopFactoryIfIdle()
  }

  /** Calls `doStop` of the factory, unless its callback has started another attempt. */
  #stopFactoryIfIdle(): void {
    if (this.#state.is !== 'disconnected') return
    this.#factoryStarted = false
    this.#call(() => this.#setup.factory.doStop())
  }

  #settleWaiters(call: (waiter: Waiter<P>) => void): void {
    for (const waiter of this.#waiters.splice(0)) call(waiter)
  }

  #call(call: () => unknown): void {
    const { registry, address } = this.#setup
    void callSafely(call, (error) =>
      registry.reactor.log({
        level: 'error',
        text: 'A callback of a client factory failed',
        label: formatAddress(address),
        error,
      }),
    )
  }
}

function timeoutOf({
  options,
}: {
  readonly options?: { readonly timeoutMs?: number | undefined } | undefined
}): number {
  return options?.timeoutMs ?? DEFAULT_TIMEOUT_MS
}

type State<P> =
  | { readonly is: 'disconnected'; readonly why: Error }
  | { readonly is: 'connecting'; readonly attempt: ConnectAttempt; readonly connection?: Connection }
  | {
      readonly is: 'connected'
      readonly connection: Connection
      readonly protocol: P
      /** Whether the promise that its connectionMade returned, if any, has settled. */
      readonly ready: boolean
    }

interface Waiter<P> {
  readonly resolve: (protocol: P) => void
  readonly reject: (reason: Error) => void
}

/** The longest connection attempt when the options name none. */
export const DEFAULT_TIMEOUT_MS = 30_000
