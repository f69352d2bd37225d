import type { Address } from '../contracts/address.ts'
import type { Connector } from '../contracts/connector.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { DelayedCall } from '../contracts/reactor.ts'
import {
  type ConnectionClosed,
  ConnectingCancelledError,
  NoProtocol,
  NotConnectingError,
  TimeoutError,
} from '../errors.ts'
import { StreamTransport, type TransportHost } from './stream-transport.ts'
import type { ConnectedWire } from './wire.ts'

/** An attempt that is running. */
export interface Dialling {
  /** Gives the attempt up; nothing more is told of it. */
  cancel(): void
}

/** Who hears how one attempt went, in a later turn: one of the two, once. */
export interface DialEvents {
  dialled(wire: ConnectedWire): void
  dialFailed(reason: Error): void
}

/** Where and how to connect. */
export interface StreamConnectorSetup<P extends ProtocolEvents> {
  readonly host: TransportHost
  readonly factory: ProtocolFactory<P>
  readonly address: Address
  readonly timeoutMs: number
  /** Begins one attempt. */
  readonly dial: (events: DialEvents) => Dialling
}

/** The connector of every kind of client connection: what differs is how it dials. */
export class StreamConnector<P extends ProtocolEvents> implements Connector<P> {
  readonly #setup: StreamConnectorSetup<P>
  #attempt: Attempt<P> = DISCONNECTED
  #waiters: Waiter<P>[] = []
  /** Whether the factory counts us as a user. */
  #started = false

  constructor(setup: StreamConnectorSetup<P>) {
    this.#setup = setup
  }

  get state(): 'disconnected' | 'connecting' | 'connected' {
    return this.#attempt.is
  }

  getDestination(): Address {
    return this.#setup.address
  }

  connect(): void {
    if (this.#attempt.is !== 'disconnected') return
    const { host, factory, address, timeoutMs } = this.#setup
    if (!this.#started) factory.doStart()
    this.#started = true
    const late = new TimeoutError(address, `it took longer than ${timeoutMs} ms`)
    const deadline = host.reactor.callLater(timeoutMs, () => this.#giveUp(late))
    const dialling = this.#setup.dial({
      dialled: (wire) => this.#dialled(wire),
      dialFailed: (reason) => this.#giveUp(reason),
    })
    this.#attempt = { is: 'connecting', dialling, deadline }
    factory.startedConnecting?.(this)
  }

  disconnect(): void {
    if (this.#attempt.is === 'connecting') this.stopConnecting()
    else if (this.#attempt.is === 'connected') this.#attempt.transport.loseConnection()
  }

  stopConnecting(): void {
    if (this.#attempt.is !== 'connecting') {
      throw new NotConnectingError('Cannot stop connecting: no connection is being made')
    }
    this.#giveUp(new ConnectingCancelledError(this.#setup.address, 'the attempt was cancelled'))
  }

  whenConnected(): Promise<P> {
    const attempt = this.#attempt
    if (attempt.is === 'connected') return Promise.resolve(attempt.protocol)
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  #dialled(dialled: ConnectedWire): void {
    const { wire, localAddress, peerAddress } = dialled
    const attempt = this.#attempt
    if (attempt.is !== 'connecting') return
    const { host } = this.#setup
    const protocol = this.#build(peerAddress)
    if (protocol instanceof NoProtocol) return this.#giveUp(protocol)
    attempt.deadline.cancel()
    const onLost = (reason: ConnectionClosed): void => this.#lost(reason)
    const transport = new StreamTransport({ host, wire, localAddress, peerAddress, onLost })
    this.#attempt = { is: 'connected', transport, protocol }
    dialled.attach(transport)
    transport.begin(protocol)
    for (const { resolve } of this.#waiters.splice(0)) resolve(protocol)
  }

  #build(peer: Address): P | NoProtocol {
    const { factory, address } = this.#setup
    try {
      return factory.buildProtocol(peer) ?? new NoProtocol(address, 'its factory refused the connection')
    } catch (error) {
      return new NoProtocol(address, 'its factory failed to build a protocol', error)
    }
  }

  #giveUp(reason: Error): void {
    const attempt = this.#attempt
    if (attempt.is !== 'connecting') return
    if (attempt.deadline.active()) attempt.deadline.cancel()
    attempt.dialling.cancel()
    this.#attempt = DISCONNECTED
    for (const { reject } of this.#waiters.splice(0)) reject(reason)
    this.#setup.factory.clientConnectionFailed?.(this, reason)
    this.#release()
  }

  #lost(reason: ConnectionClosed): void {
    this.#attempt = DISCONNECTED
    this.#setup.factory.clientConnectionLost?.(this, reason)
    this.#release()
  }

  /** The factory is done with, unless it has asked for another connection meanwhile. */
  #release(): void {
    if (this.#attempt.is !== 'disconnected') return
    this.#started = false
    this.#setup.factory.doStop()
  }
}

type Attempt<P> =
  | { readonly is: 'disconnected' }
  | { readonly is: 'connecting'; readonly dialling: Dialling; readonly deadline: DelayedCall }
  | { readonly is: 'connected'; readonly transport: StreamTransport; readonly protocol: P }

interface Waiter<P> {
  readonly resolve: (protocol: P) => void
  readonly reject: (reason: Error) => void
}

const DISCONNECTED = { is: 'disconnected' } as const
