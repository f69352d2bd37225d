import { formatAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { PullProducer, PushProducer } from '../contracts/producer.ts'
import type { ProtocolEvents } from '../contracts/protocol-events.ts'
import type { Reactor } from '../contracts/reactor.ts'
import type { Transport } from '../contracts/transport.ts'
import {
  ConnectionAborted,
  type ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  NotConnectedError,
} from '../errors.ts'
import { contained, containedResult } from './contained.ts'
import { Deadline } from './deadline.ts'
import { Inbound, type InboundReader } from './inbound.ts'
import { Outbound, type OutboundOwner } from './outbound.ts'
import { DEFAULT_TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.ts'
import type { Turn, TurnEnder } from './turn.ts'
import type { Wire, WireEvents } from '../contracts/wire.ts'

/** The reactor a transport lives in: counts it, and tells it when the turn is over. */
export interface TransportHost {
  readonly reactor: Reactor
  readonly turn: Turn
  /** Whether a stop has come so far that nothing new should be kept alive. */
  readonly stopping: boolean
  /** @returns the connection's id. */
  connectionOpened(transport: StreamTransport): number
  /** The connection is gone, and its protocol knows. */
  connectionClosed(transport: StreamTransport): void
  /** A connection is being made, until `attemptEnded`. */
  attemptStarted(attempt: Attempting): void
  /** The connection is up, or the attempt was given up. */
  attemptEnded(attempt: Attempting): void
}

/** A connection in the making, as a reactor that stops sees it. */
export interface Attempting {
  /** Gives the attempt up. */
  stopConnecting(): void
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
  #peerAddress: Address
  #localAddress: Address
  #protocol: ProtocolEvents | undefined
  #stage: Stage = CONNECTED
  /** The wire has told its end; ours may still have to wait for the reader. */
  #wireClosed = false
  #draining = false
  #turnScheduled = false
  #linger: Deadline | undefined
  #lingeredBytes = 0
  #abort: AbortController | undefined

  constructor(setup: TransportSetup) {
    this.#setup = setup
    this.#wire = setup.wire
    this.#peerAddress = setup.peerAddress
    this.#localAddress = setup.localAddress
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

  /** Whether the end is an abort, by us or after a fault. */
  get aborted(): boolean {
    return this.#stage.is === 'aborted'
  }

  write(data: Uint8Array | string): boolean {
    mustBeBytes(data)
    return this.#outbound.write(data)
  }

  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    const sequence = [...parts]
    for (const part of sequence) mustBeBytes(part)
    return this.#outbound.writeSequence(sequence)
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
    if (this.#outbound.finished) this.#awaitPeersEnd()
    else this.#outbound.finish()
  }

  loseWriteConnection(): void {
    this.#outbound.finish()
  }

  abortConnection(cause?: unknown): void {
    if (this.#stage.is === 'aborted' || this.#stage.is === 'lost') return
    this.#stage = { is: 'aborted', cause }
    this.#inbound.close()
    this.#outbound.stop()
    if (this.#wireClosed) this.#schedule()
    else this.#wire.abort()
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
    if (this.#draining) this.drain()
  }

  assumeAddresses(peer: Address, host: Address): void {
    this.#peerAddress = peer
    this.#localAddress = host
  }

  getPeer(): Address {
    return this.#peerAddress
  }

  getHost(): Address {
    return this.#localAddress
  }

  setTcpNoDelay(enabled: boolean): void {
    this.#wire.setNoDelay(enabled)
  }

  setTcpKeepAlive(enabled: boolean, initialDelayMs: number = 0): void {
    this.#wire.setKeepAlive(enabled, initialDelayMs)
  }

  /** The reactor is stopping: the protocol, and any that replaces it, finishes what it is at or is closed now. */
  drain(): void {
    if (this.#stage.is !== 'connected') return
    this.#draining = true
    const protocol = this.#protocol
    if (protocol?.drain === undefined) return this.loseConnection()
    const drained = this.#tell(protocol, () => protocol.drain?.())
    void drained?.then(() => {
      if (protocol === this.#protocol) this.loseConnection()
    })
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
    this.#wireClosed = true
    // Both ends were said, but the reader is behind: it gets what came before it hears of the end.
    if (error === undefined && this.#inbound.owesEnd) return
    this.#lose(error)
  }

  turnEnded(): void {
    this.#turnScheduled = false
    this.#inbound.deliver()
    this.#outbound.flush()
    if (this.#wireClosed && !this.#inbound.owesEnd) this.#lose(undefined)
  }

  #inboundReader(): InboundReader {
    return {
      deliver: (data) => this.#deliver(data),
      deliverEnd: () => {
        const protocol = this.#protocol
        if (protocol?.readConnectionLost === undefined) this.loseConnection()
        else void this.#tell(protocol, () => protocol.readConnectionLost?.())
        if (this.#wireClosed) this.#schedule()
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
      if (result === undefined) return undefined
      const pending = containedResult(result, (error) => this.#fault(protocol, error))
      // Nobody waits for one that was replaced meanwhile.
      return protocol === this.#protocol ? pending : undefined
    } catch (error) {
      this.#fault(protocol, error)
      return undefined
    }
  }

  /** Calls into user code; whatever goes wrong in it stays in this connection. */
  #tell(protocol: ProtocolEvents | undefined, call: () => unknown): Promise<void> | undefined {
    return contained(call, (error) => this.#fault(protocol, error))
  }

  #fault(protocol: ProtocolEvents | undefined, error: unknown): void {
    const who = protocol?.constructor.name ?? 'no protocol'
    this.reactor.log({
      level: 'error',
      text: 'A protocol failed; its connection is aborted',
      label: `${who} ${this.id} ${formatAddress(this.#peerAddress)}`,
      error,
    })
    this.abortConnection(error)
  }

  #sayOwnEnd(): void {
    this.#wire.end()
    if (this.#stage.is === 'disconnecting') return this.#awaitPeersEnd()
    const protocol = this.#protocol
    void this.#tell(protocol, () => protocol?.writeConnectionLost?.())
  }

  /** Closing with unread bytes makes the system send a reset, which can cost the peer our last words. */
  #awaitPeersEnd(): void {
    if (this.#wireClosed) return this.#schedule()
    this.#linger = new Deadline(this.reactor, () => this.#wire.close())
    this.#linger.set(this.#options.lingerMs)
  }

  #lose(error: Error | undefined): void {
    if (this.#stage.is === 'lost') return
    const reason = this.#reasonFor(error)
    this.#inbound.close()
    this.#stage = { is: 'lost', reason }
    this.#outbound.stop()
    this.#linger?.clear()
    this.#abort?.abort(reason)
    const protocol = this.#protocol
    void this.#tell(protocol, () => protocol?.connectionLost(reason))
    this.#setup.host.connectionClosed(this)
    this.#setup.onLost?.(reason)
  }

  #reasonFor(error: Error | undefined): ConnectionClosed {
    if (this.#stage.is === 'aborted') {
      const { cause } = this.#stage
      return new ConnectionAborted(undefined, cause === undefined ? undefined : { cause })
    }
    const saidGoodbye = this.#stage.is === 'disconnecting' && this.#outbound.finished
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

function mustBeBytes(data: unknown): void {
  if (typeof data === 'string' || data instanceof Uint8Array) return
  throw new TypeError(`Cannot write ${data === null ? 'null' : typeof data}: give a Uint8Array or a string`)
}
