import { formatAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { PullProducer, PushProducer } from '../contracts/producer.ts'
import type { ProtocolEvents } from '../contracts/protocol-events.ts'
import type { DelayedCall, Reactor } from '../contracts/reactor.ts'
import type { Transport } from '../contracts/transport.ts'
import {
  ConnectionAborted,
  type ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  NotConnectedError,
} from '../errors.ts'
import { Inbound, type InboundReader } from './inbound.ts'
import { Outbound, type OutboundOwner } from './outbound.ts'
import { DEFAULT_TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.ts'
import type { Turn, TurnEnder } from './turn.ts'
import type { Wire, WireEvents } from './wire.ts'

/** The reactor a transport lives in: counts it, and tells it when the turn is over. */
export interface TransportHost {
  readonly reactor: Reactor
  readonly turn: Turn
  /** @returns the connection's id. */
  connectionOpened(transport: StreamTransport): number
  connectionClosed(transport: StreamTransport): void
}

/** What a transport needs to begin. */
export interface TransportSetup {
  readonly host: TransportHost
  readonly wire: Wire
  readonly localAddress: Address
  readonly peerAddress: Address
  readonly options?: Partial<TransportOptions>
  /** Called after the protocol's `connectionLost`. */
  readonly onLost?: (reason: ConnectionClosed) => void
}

/**
 * The transport of every stream connection, over any wire.
 *
 * Reading and writing are two sides that know nothing of each other (`Inbound`, `Outbound`); what is
 * here is who the protocol is, how the connection ends, and that a fault ends nothing else:
 *
 *     connected ──loseConnection──▶ disconnecting ──all sent, both ends said──▶ lost
 *         └────────────────abortConnection, a fault, a cap──▶ aborted ────────────▲
 */
export class StreamTransport implements Transport, WireEvents, TurnEnder {
  readonly id: number
  readonly #setup: TransportSetup
  readonly #options: TransportOptions
  readonly #wire: Wire
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  #protocol: ProtocolEvents | undefined
  #stage: Stage = CONNECTED
  /** Our own end of output: not asked for, asked for behind queued bytes, said. */
  #ownEnd: 'ahead' | 'queued' | 'said' = 'ahead'
  #turnScheduled = false
  #linger: DelayedCall | undefined
  #lingeredBytes = 0
  #abort: AbortController | undefined

  constructor(setup: TransportSetup) {
    this.#setup = setup
    this.#wire = setup.wire
    this.#options = { ...DEFAULT_TRANSPORT_OPTIONS, ...setup.options }
    this.#inbound = new Inbound(setup.wire, this.#options.readAheadBytes, this.#inboundReader())
    this.#outbound = new Outbound(setup.wire, this.#options, setup.host.reactor, this.#outboundOwner())
    this.id = setup.host.connectionOpened(this)
  }

  /** Makes `protocol` connected: the first who reads this connection. */
  begin(protocol: ProtocolEvents): void {
    this.#protocol = protocol
    this.#connect(protocol)
  }

  get reactor(): Reactor {
    return this.#setup.host.reactor
  }

  get connected(): boolean {
    return this.#stage.is !== 'lost'
  }

  get disconnecting(): boolean {
    return this.#stage.is !== 'connected'
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#stage.is === 'lost') this.#abort.abort(this.#stage.reason)
    return this.#abort.signal
  }

  get bufferedBytes(): number {
    return this.#outbound.bytes
  }

  /** Who this is, in logs: protocol, id, peer. */
  get label(): string {
    const protocol = this.#protocol?.constructor.name ?? 'no protocol'
    return `${protocol} ${this.id} ${formatAddress(this.#setup.peerAddress)}`
  }

  write(data: Uint8Array | string): boolean {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new TypeError(`Cannot write ${typeof data}: give a Uint8Array or a string`)
    }
    if (!this.#takesOutput()) return false
    return this.#outbound.write(data)
  }

  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    let goOn = !this.disconnecting
    for (const part of parts) goOn = this.write(part)
    return goOn
  }

  drained(): Promise<boolean> {
    return this.#outbound.drained()
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#outbound.registerProducer(producer, streaming)
  }

  unregisterProducer(): void {
    this.#outbound.unregisterProducer()
  }

  loseConnection(): void {
    if (this.#stage.is !== 'connected') return
    this.#stage = DISCONNECTING
    this.#inbound.close()
    this.#outbound.finish()
    this.#schedule()
  }

  loseWriteConnection(): void {
    if (this.#stage.is !== 'connected' || this.#ownEnd !== 'ahead') return
    this.#ownEnd = 'queued'
    this.#schedule()
  }

  abortConnection(cause?: unknown): void {
    if (this.#stage.is === 'aborted' || this.#stage.is === 'lost') return
    this.#stage = { is: 'aborted', cause }
    this.#inbound.close()
    this.#outbound.stop()
    this.#wire.abort()
  }

  pauseProducing(): void {
    this.#inbound.pause()
  }

  resumeProducing(): void {
    this.#inbound.resume()
    this.#schedule()
  }

  stopProducing(): void {
    this.loseConnection()
  }

  switchProtocol(next: ProtocolEvents, unread?: Buffer): void {
    if (this.#stage.is !== 'connected') {
      throw new NotConnectedError('Cannot switch protocols on a connection that is closing or gone')
    }
    const previous = this.#protocol
    this.#outbound.unregisterProducer()
    this.#inbound.restart(unread)
    this.#protocol = next
    void this.#tell(previous, () => previous?.protocolReplaced?.())
    this.#connect(next)
    this.#inbound.deliver()
  }

  getPeer(): Address {
    return this.#setup.peerAddress
  }

  getHost(): Address {
    return this.#setup.localAddress
  }

  setTcpNoDelay(enabled: boolean): void {
    this.#wire.setNoDelay(enabled)
  }

  setTcpKeepAlive(enabled: boolean, initialDelayMs: number = 0): void {
    this.#wire.setKeepAlive(enabled, initialDelayMs)
  }

  /** The reactor is stopping: the protocol finishes what it is at, or the connection closes now. */
  drain(): void {
    const protocol = this.#protocol
    if (protocol?.drain === undefined) return this.loseConnection()
    const draining = this.#tell(protocol, () => protocol.drain?.())
    void draining?.then(() => this.loseConnection())
  }

  wireData(data: Buffer): void {
    if (this.#stage.is === 'connected') return this.#inbound.push(data)
    if (this.#linger === undefined) return
    this.#lingeredBytes += data.length
    if (this.#lingeredBytes > this.#options.lingerBytes) this.#wire.close()
  }

  wireEnded(): void {
    this.#inbound.pushEnd()
  }

  wireWritable(): void {
    this.#outbound.writable()
  }

  wireClosed(error: Error | undefined): void {
    if (this.#stage.is === 'lost') return
    const reason = this.#reasonFor(error)
    this.#inbound.close()
    this.#stage = { is: 'lost', reason }
    this.#outbound.stop()
    this.#linger?.cancel()
    this.#linger = undefined
    this.#abort?.abort(reason)
    const protocol = this.#protocol
    void this.#tell(protocol, () => protocol?.connectionLost(reason))
    this.#setup.host.connectionClosed(this)
    this.#setup.onLost?.(reason)
  }

  turnEnded(): void {
    this.#turnScheduled = false
    if (this.#stage.is === 'lost' || this.#stage.is === 'aborted') return
    this.#inbound.deliver()
    this.#outbound.flush()
  }

  #inboundReader(): InboundReader {
    return {
      deliver: (data) => this.#deliver(data),
      deliverEnd: () => {
        const protocol = this.#protocol
        if (protocol?.readConnectionLost === undefined) this.loseConnection()
        else void this.#tell(protocol, () => protocol.readConnectionLost?.())
      },
    }
  }

  #outboundOwner(): OutboundOwner {
    return {
      outputQueued: () => this.#schedule(),
      outputFinished: () => this.#sayOwnEnd(),
      outputFailed: (why) => this.abortConnection(new Error(`Cannot keep the connection: ${why}`)),
      producerFailed: (error) => this.#fault(this.#protocol, error),
    }
  }

  #takesOutput(): boolean {
    if (this.#ownEnd !== 'ahead') return false
    return (
      this.#stage.is === 'connected' || (this.#stage.is === 'disconnecting' && this.#outbound.hasProducer)
    )
  }

  #schedule(): void {
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    this.#setup.host.turn.schedule(this)
  }

  #connect(protocol: ProtocolEvents): void {
    const made = this.#tell(protocol, () => protocol.makeConnection(this))
    if (made !== undefined && protocol === this.#protocol) this.#inbound.waitFor(made)
  }

  /** Written out rather than through `#tell`: it runs for every piece that comes in. */
  #deliver(data: Buffer): Promise<void> | undefined {
    const protocol = this.#protocol
    if (protocol === undefined) return undefined
    try {
      const result = protocol.dataReceived(data)
      return result === undefined ? undefined : this.#watch(protocol, result)
    } catch (error) {
      this.#fault(protocol, error)
      return undefined
    }
  }

  /** Calls into user code; whatever goes wrong in it stays in this connection. */
  #tell(protocol: ProtocolEvents | undefined, call: () => unknown): Promise<void> | undefined {
    try {
      return this.#watch(protocol, call())
    } catch (error) {
      this.#fault(protocol, error)
      return undefined
    }
  }

  #watch(protocol: ProtocolEvents | undefined, result: unknown): Promise<void> | undefined {
    if (!isPromise(result)) return undefined
    return result.then(
      () => undefined,
      (error: unknown) => this.#fault(protocol, error),
    )
  }

  #fault(protocol: ProtocolEvents | undefined, error: unknown): void {
    this.reactor.log({
      level: 'error',
      text: 'A protocol failed; its connection is aborted',
      label: this.label,
      error,
    })
    // A protocol that was replaced no longer speaks for the connection.
    if (protocol === this.#protocol) this.abortConnection(error)
  }

  #sayOwnEnd(): void {
    const closing = this.#stage.is === 'disconnecting'
    if (!closing && this.#ownEnd !== 'queued') return
    if (this.#ownEnd !== 'said') {
      this.#ownEnd = 'said'
      this.#wire.end()
      const protocol = this.#protocol
      if (!closing) void this.#tell(protocol, () => protocol?.writeConnectionLost?.())
    }
    if (!closing || this.#inbound.ended || this.#linger !== undefined) return
    // Closing with unread bytes makes the system send a reset, which can cost the peer our last words.
    this.#linger = this.reactor.callLater(this.#options.lingerMs, () => {
      this.#linger = undefined
      this.#wire.close()
    })
  }

  #reasonFor(error: Error | undefined): ConnectionClosed {
    if (this.#stage.is === 'aborted') {
      return new ConnectionAborted(
        undefined,
        this.#stage.cause === undefined ? undefined : { cause: this.#stage.cause },
      )
    }
    const saidGoodbye = this.#stage.is === 'disconnecting' && this.#ownEnd === 'said'
    return error === undefined || saidGoodbye
      ? new ConnectionDone()
      : new ConnectionLost(undefined, { cause: error })
  }
}

/** How far the connection has come; each stage carries what only it knows. */
type Stage =
  | { readonly is: 'connected' }
  | { readonly is: 'disconnecting' }
  | { readonly is: 'aborted'; readonly cause: unknown }
  | { readonly is: 'lost'; readonly reason: ConnectionClosed }

const CONNECTED: Stage = { is: 'connected' }
const DISCONNECTING: Stage = { is: 'disconnecting' }

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
