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
export interface Dialling {
  /** Cancels the attempt. Its events are not called afterwards. */
  cancel(): void
}

/** The outcome of one attempt: one of the two is called, once, in a later turn. */
export interface DialEvents {
  dialled(wire: ConnectedWire): void
  dialFailed(reason: Error): void
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
  readonly dial: (events: DialEvents) => Dialling
}

/** The connector of every kind of client connection. The kinds differ only in `dial`. */
export class StreamConnector<P extends ProtocolEvents> implements Connector<P> {
  readonly #setup: StreamConnectorSetup<P>
  readonly #deadline: ResettableTimer
  #attempt: Attempt<P>
  #waiters: Waiter<P>[] = []
  /** Whether `doStart` of the factory was called, without a `doStop` since. */
  #started = false

  constructor(setup: StreamConnectorSetup<P>) {
    const { registry, address } = setup
    const timeoutMs = timeoutOf(setup)
    this.#setup = setup
    this.#attempt = { is: 'disconnected', why: new NotConnectingError('No connection has been asked for') }
    this.#deadline = new ResettableTimer(registry.reactor, () =>
      this.#giveUp(new TimeoutError(address, `it took longer than ${timeoutMs} ms`)),
    )
  }

  get state(): 'disconnected' | 'connecting' | 'connected' {
    return this.#attempt.is
  }

  getDestination(): Address {
    return this.#setup.address
  }

  connect(): void {
    const { registry, factory, dial } = this.#setup
    // While the reactor stops, a factory cannot reconnect.
    if (this.#attempt.is !== 'disconnected' || (this.#started && registry.stopping)) return
    // First, because it throws when the address is invalid.
    const dialling = dial({
      dialled: (wire) => this.#dialled(wire),
      dialFailed: (reason) => this.#giveUp(reason),
    })
    this.#attempt = { is: 'connecting', dialling }
    this.#deadline.set(timeoutOf(this.#setup))
    if (!this.#started) this.#call(() => factory.doStart())
    this.#started = true
    this.#call(() => factory.startedConnecting?.(this))
    if (this.#attempt.dialling === dialling) registry.attemptStarted(this)
  }

  disconnect(): void {
    if (this.#attempt.is === 'connecting') this.stopConnecting()
    else if (this.#attempt.is === 'connected') this.#attempt.connection.loseConnection()
  }

  stopConnecting(): void {
    if (this.#attempt.is !== 'connecting') {
      throw new NotConnectingError('Cannot stop connecting: no connection is being made')
    }
    this.#giveUp(new ConnectingCancelledError(this.#setup.address, 'the attempt was cancelled'))
  }

  whenConnected(): Promise<P> {
    const attempt = this.#attempt
    if (attempt.is === 'connected' && attempt.made) return Promise.resolve(attempt.protocol)
    if (attempt.is === 'disconnected') return Promise.reject(attempt.why)
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  get #policies(): readonly ConnectionPolicy[] {
    const { factory, options } = this.#setup
    return [...(options?.policies ?? []), ...(factory.policies ?? [])]
  }

  #dialled(dialled: ConnectedWire): void {
    const { tls } = this.#setup
    if (tls !== undefined) return this.#handshake(dialled, tls)
    const protocol = this.#build(dialled.peerAddress)
    if (protocol instanceof NoProtocol) {
      dialled.wire.close()
      return this.#giveUp(protocol)
    }
    const connection = this.#connectionOver(dialled)
    this.#up(connection, protocol)
    dialled.attach(connection)
    this.#settleUp(connection, protocol, connection.begin(protocol, this.#policies))
  }

  /** The state remains 'connecting' until the handshake is complete. */
  #handshake(dialled: ConnectedWire, tls: TLSContext): void {
    const connection = this.#connectionOver(dialled)
    this.#attempt = { is: 'connecting', dialling: { cancel: () => connection.abortConnection() }, connection }
    dialled.attach(connection)
    const opened = (_transport: Transport, session: TLSSession): void => this.#secured(connection, session)
    void connection.begin(new TLSHandshakeProtocol(tls, { opened, failed: () => undefined }), this.#policies)
  }

  #secured(connection: Connection, session: TLSSession): void {
    const protocol = this.#build(connection.peerAddress, session)
    if (protocol instanceof NoProtocol) return this.#giveUp(protocol)
    this.#up(connection, protocol)
    this.#settleUp(connection, protocol, connection.switchProtocol(protocol))
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

  #up(connection: Connection, protocol: P): void {
    this.#attempt = { is: 'connected', connection, protocol, made: false }
    this.#deadline.clear()
    this.#setup.registry.attemptEnded(this)
  }

  /** If connectionMade fails, the promises of whenConnected reject when the connection is lost. */
  #settleUp(connection: Connection, protocol: P, making: Promise<void> | undefined): void {
    diagnose('ropewalk.connect', () => ({ transport: connection.transport, protocol }))
    if (making === undefined) this.#made(connection, protocol)
    else void making.then(() => this.#made(connection, protocol))
  }

  #made(connection: Connection, protocol: P): void {
    const attempt = this.#attempt
    // The connection may be lost by now, and another attempt may be running.
    if (connection.aborted || attempt.is !== 'connected' || attempt.connection !== connection) return
    this.#attempt = { ...attempt, made: true }
    this.#settle(({ resolve }) => resolve(protocol))
  }

  #build(peer: Address, session?: TLSSession): P | NoProtocol {
    const { factory, address, registry } = this.#setup
    return buildProtocol(factory, { peer, session, address, reactor: registry.reactor })
  }

  #giveUp(why: Error): void {
    if (this.#attempt.is !== 'connecting') return
    this.#attempt.dialling.cancel()
    this.#attempt = { is: 'disconnected', why }
    this.#deadline.clear()
    this.#setup.registry.attemptEnded(this)
    this.#settle(({ reject }) => reject(why))
    this.#call(() => this.#setup.factory.clientConnectionFailed?.(this, why))
    this.#release()
  }

  /** Ignores the end of a connection after its attempt was cancelled. */
  #connectionLost(connection: Connection, reason: ConnectionClosed): void {
    if (this.#attempt.is === 'disconnected' || this.#attempt.connection !== connection) return
    if (this.#attempt.is === 'connected') return this.#lost(reason)
    const why = reason.cause instanceof Error ? reason.cause : reason
    this.#giveUp(new TLSHandshakeError(this.#setup.address, why.message, why))
  }

  #lost(why: ConnectionClosed): void {
    this.#attempt = { is: 'disconnected', why }
    this.#settle(({ reject }) => reject(why))
    this.#call(() => this.#setup.factory.clientConnectionLost?.(this, why))
    this.#release()
  }

  /** Calls `doStop` of the factory, unless its callback has started another attempt. */
  #release(): void {
    if (this.#attempt.is !== 'disconnected') return
    this.#started = false
    this.#call(() => this.#setup.factory.doStop())
  }

  #settle(call: (waiter: Waiter<P>) => void): void {
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

type Attempt<P> =
  | { readonly is: 'disconnected'; readonly why: Error }
  | { readonly is: 'connecting'; readonly dialling: Dialling; readonly connection?: Connection }
  | {
      readonly is: 'connected'
      readonly connection: Connection
      readonly protocol: P
      /** Whether the promise that its connectionMade returned, if any, has settled. */
      readonly made: boolean
    }

interface Waiter<P> {
  readonly resolve: (protocol: P) => void
  readonly reject: (reason: Error) => void
}

/** The longest connection attempt when the options name none. */
export const DEFAULT_TIMEOUT_MS = 30_000
