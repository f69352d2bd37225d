import { formatAddress } from '../addresses.ts'
import type { Address } from '../contracts/address.ts'
import type { PullProducer, PushProducer } from '../contracts/producer.ts'
import type { ProtocolEvents } from '../contracts/protocol-events.ts'
import type { Reactor } from '../contracts/reactor.ts'
import { type ConnectionClosed, LocalProtocolError, NotConnectedError } from '../errors.ts'
import { contained, containedResult } from './contained.ts'
import { Inbound, type InboundReader } from './inbound.ts'
import { Linger } from './linger.ts'
import { Outbound, type OutboundOwner } from './outbound.ts'
import { DEFAULT_TRANSPORT_OPTIONS, type TransportOptions } from './transport-options.ts'
import { mustBeBytes } from './must-be-bytes.ts'
import { CONNECTED, DISCONNECTING, reasonFor, type Stage } from './stage.ts'
import { TLSLayer } from './tls-layer.ts'
import type { HostedTransport, TransportHost } from './transport-host.ts'
import type { TurnEnder } from './turn.ts'
import type { Certificate, TLSContext, TLSSession } from '../contracts/tls.ts'
import type { Wire, WireEvents } from '../contracts/wire.ts'

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
export class StreamTransport implements HostedTransport, WireEvents, TurnEnder {
  readonly id: number
  readonly #setup: TransportSetup
  readonly #options: TransportOptions
  #wire: Wire
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
  #tls: TLSLayer | undefined
  #linger: Linger | undefined
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
    this.#mustBeOpen('switch protocols')
    const previous = this.#protocol
    this.#outbound.unregisterProducer()
    this.#inbound.restart(unread)
    this.#protocol = next
    void this.#tell(previous, () => previous?.protocolReplaced?.())
    this.#connect(next)
    this.#inbound.deliver()
    if (this.#draining) this.drain()
  }

  startTLS(context: TLSContext, unread?: Buffer): void {
    this.#mustBeOpen('start TLS')
    if (this.#tls !== undefined) throw new LocalProtocolError('Cannot start TLS twice on one connection')
    const given = [unread, this.#protocol?.takeUnread?.()]
    const { data, ended } = this.#inbound.detach()
    const under = { wire: this.#wire, ...this.#outbound.detach() }
    this.#tls = new TLSLayer(context, under, this.reactor, {
      wireData: (plain) => this.#received(plain),
      wireEnded: () => this.#inbound.pushEnd(),
      wireWritable: () => this.#outbound.writable(),
      wireClosed: (error) => this.#closed(error),
      handshakeCompleted: (session) =>
        this.#tellFirst(this.#protocol, (protocol) => protocol.handshakeCompleted?.(session)),
      handshakeFailed: (why) => this.abortConnection(why),
    })
    this.#wire = this.#tls.wire
    this.#inbound.useWire(this.#wire)
    this.#outbound.useWire(this.#wire)
    this.#tls.begin([...given, data], ended)
  }

  get tlsSession(): TLSSession | undefined {
    return this.#tls?.session
  }

  get negotiatedProtocol(): string | undefined {
    return this.tlsSession?.negotiatedProtocol
  }

  getPeerCertificate(): Certificate | undefined {
    return this.tlsSession?.peerCertificate
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
    if (this.#tls === undefined) this.#received(data)
    else this.#tls.wire.wireData(data)
  }

  wireEnded(): void {
    if (this.#tls === undefined) this.#inbound.pushEnd()
    else this.#tls.wire.wireEnded()
  }

  wireWritable(): void {
    if (this.#tls === undefined) this.#outbound.writable()
    else this.#tls.wire.wireWritable()
  }

  wireClosed(error: Error | undefined): void {
    if (this.#tls === undefined) this.#closed(error)
    else this.#tls.wire.wireClosed(error)
  }

  turnEnded(): void {
    this.#turnScheduled = false
    this.#inbound.deliver()
    this.#outbound.flush()
    if (this.#wireClosed && !this.#inbound.owesEnd) this.#lose(undefined)
  }

  #received(data: Buffer): void {
    if (this.#stage.is === 'connected') return this.#inbound.push(data)
    this.#linger?.received(data)
  }

  #closed(error: Error | undefined): void {
    this.#wireClosed = true
    // Both ends were said, but the reader is behind: it gets what came before it hears of the end.
    if (error === undefined && this.#inbound.owesEnd) return
    this.#lose(error)
  }

  #mustBeOpen(attempt: string): void {
    if (this.#stage.is === 'connected') return
    throw new NotConnectedError(`Cannot ${attempt} on a connection that is closing or gone`)
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
    this.#tellFirst(protocol, () => protocol.makeConnection(this))
  }

  /** While what the call answers is pending, nothing is delivered. */
  #tellFirst(protocol: ProtocolEvents | undefined, call: (protocol: ProtocolEvents) => unknown): void {
    if (protocol === undefined) return
    const told = this.#tell(protocol, () => call(protocol))
    if (told !== undefined && protocol === this.#protocol) this.#inbound.waitFor(told)
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

  #awaitPeersEnd(): void {
    if (this.#wireClosed) this.#schedule()
    else this.#linger = new Linger(this.#wire, this.#options, this.reactor)
  }

  #lose(error: Error | undefined): void {
    if (this.#stage.is === 'lost') return
    const reason = reasonFor(this.#stage, this.#outbound.finished, error)
    this.#inbound.close()
    this.#stage = { is: 'lost', reason }
    this.#outbound.stop()
    this.#linger?.over()
    this.#abort?.abort(reason)
    const protocol = this.#protocol
    void this.#tell(protocol, () => protocol?.connectionLost(reason))
    this.#setup.host.connectionClosed(this)
    this.#setup.onLost?.(reason)
  }
}
