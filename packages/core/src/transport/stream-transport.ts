import type { Address } from '../addresses.ts'
import { PROTOCOL, TLS_CONTEXT } from '../options/object-rules.ts'
import { having } from '../options/option-rules.ts'
import { checkValue } from '../options/check-options.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type {
  Pipeable,
  PipeOptions,
  PullProducer,
  PushProducer,
  TransportOptions,
} from '../interfaces/transport.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import { type ConnectionClosed, LocalProtocolError, NotConnectedError } from '../errors.ts'
import { connectionLabel, diagnose, reportClose, reportFault } from './diagnostics.ts'
import { isConnectionEnd } from './connection-end.ts'
import { CurrentProtocol, type FaultListener, StuckCallback } from './current-protocol.ts'
import { Inbound, type InboundReader } from './inbound.ts'
import { Linger } from './linger.ts'
import { Outbound, type OutboundOwner } from './outbound.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from './transport-options.ts'
import { assertBytes } from '../bytes/byte-queue.ts'
import { CONNECTED, DISCONNECTING, reasonFor, type Stage } from './stage.ts'
import { TLSLayer } from './tls-layer.ts'
import { pipeFrom, Sender } from './sending.ts'
import type { ConnectionRegistry, RegisteredTransport, TurnEnder } from './connection-registry.ts'
import { PolicyWatches } from './policy-watches.ts'
import type { Certificate, TLSContext, TLSSession } from '../interfaces/tls.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'

/** What a transport needs to begin. */
export interface TransportSetup {
  readonly registry: ConnectionRegistry
  readonly wire: Wire
  readonly localAddress: Address
  readonly peerAddress: Address
  /** Default: those of every transport. */
  readonly options?: TransportOptions | undefined
  /** Called after the protocol's `connectionLost`. */
  readonly onLost?: ((reason: ConnectionClosed, transport: RegisteredTransport) => void) | undefined
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
export class StreamTransport
  implements RegisteredTransport, WireEvents, InboundReader, OutboundOwner, FaultListener, TurnEnder
{
  readonly id: number
  readonly #registry: ConnectionRegistry
  readonly #onLost: TransportSetup['onLost']
  readonly #options: TransportOptions
  #wire: Wire
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  #peerAddress: Address
  #localAddress: Address
  readonly #current: CurrentProtocol
  #stage: Stage = CONNECTED
  /** The wire has told its end; ours may still have to wait for the reader. */
  #wireClosed = false
  #draining = false
  #turnScheduled = false
  readonly #openedAtMs: number
  #receivedBytes = 0
  #tls: TLSLayer | undefined
  #watches: PolicyWatches | undefined
  #linger: Linger | undefined
  #abort: AbortController | undefined
  #sender: Sender | undefined
  #stuck: StuckCallback | undefined
  /** The callback whose promise is pending, unless that is `dataReceived`. */
  #awaited: string | undefined

  constructor(setup: TransportSetup) {
    const { registry, wire, options, onLost } = setup
    this.#registry = registry
    this.#wire = wire
    this.#onLost = onLost
    this.#peerAddress = setup.peerAddress
    this.#localAddress = setup.localAddress
    this.#options = options ?? DEFAULT_TRANSPORT_OPTIONS
    this.#openedAtMs = registry.reactor.now()
    this.#current = new CurrentProtocol(registry, this)
    this.#inbound = new Inbound(wire, this.#options, registry.reactor, this)
    this.#outbound = new Outbound(wire, this.#options, registry.reactor, this)
    this.id = registry.connectionOpened(this)
  }

  /** Connects the first protocol; `policies` observe the connection across switches. */
  begin(protocol: ProtocolEvents, policies: readonly ConnectionPolicy[] = []): void {
    void this.makeFirst(protocol, policies)
  }

  /**
   * The same as `begin`.
   *
   * @returns what resolves when a promise of its `makeConnection` has settled; undefined when there is none.
   */
  makeFirst(protocol: ProtocolEvents, policies: readonly ConnectionPolicy[] = []): Promise<void> | undefined {
    this.#current.replace(protocol)
    if (policies.length > 0) void this.#current.tell(() => this.#obey(policies))
    return this.#callAndHold('connectionMade', () => protocol.makeConnection(this))
  }

  get reactor(): Reactor {
    return this.#registry.reactor
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

  get label(): string {
    return connectionLabel(this, this.#current.protocol)
  }

  /** Whether the end is an abort, by us or after a fault. */
  get aborted(): boolean {
    return this.#stage.is === 'aborted'
  }

  write(data: Uint8Array | string): boolean {
    assertBytes(data)
    if (this.#watches !== undefined) this.#watchWritten([data])
    return this.#outbound.write(data)
  }

  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    const sequence = Array.from(parts, assertBytes)
    if (this.#watches !== undefined) this.#watchWritten(sequence)
    return this.#outbound.writeSequence(sequence)
  }

  drained(): Promise<boolean> {
    return this.#outbound.drained()
  }

  send(data: Uint8Array | string): Promise<void> {
    this.#sender ??= new Sender(this)
    return this.#sender.send(data)
  }

  pipeFrom(source: Pipeable, options: PipeOptions = {}): Promise<void> {
    return pipeFrom(this, source, options)
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    checkValue('registerProducer', 'producer', producer, streaming ? PUSH_PRODUCER : PULL_PRODUCER)
    this.#outbound.registerProducer(producer, streaming)
  }

  unregisterProducer(): void {
    this.#outbound.unregisterProducer()
  }

  stopProducer(): void {
    this.#outbound.stopProducer()
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
    if (this.#wireClosed) this.outputQueued()
    else this.#wire.abort()
  }

  failConnection(error: unknown): void {
    this.callbackFailed(this.#current.protocol, error)
  }

  pauseProducing(): void {
    diagnose('ropewalk.pause', () => ({ transport: this }))
    this.#inbound.pause()
  }

  resumeProducing(): void {
    this.#inbound.resume()
    this.outputQueued()
  }

  stopProducing(): void {
    this.loseConnection()
  }

  switchProtocol(next: ProtocolEvents, unread?: Buffer): void {
    checkValue('switchProtocol', 'next', next, PROTOCOL)
    void this.makeNext(next, unread)
  }

  /** The same as `switchProtocol`, and returns what `makeFirst` does. */
  makeNext(next: ProtocolEvents, unread?: Buffer): Promise<void> | undefined {
    this.#assertOpen('switch protocols')
    this.#outbound.unregisterProducer()
    this.#inbound.restart(unread)
    const previous = this.#current.replace(next)
    void this.#current.tell((protocol) => protocol.protocolReplaced?.(), previous)
    diagnose('ropewalk.switch', () => ({ transport: this, previous, protocol: next }))
    const making = this.#callAndHold('connectionMade', () => next.makeConnection(this))
    this.#inbound.deliver()
    if (this.#draining) this.drain()
    return making
  }

  startTLS(context: TLSContext, unread?: Buffer): void {
    checkValue('startTLS', 'context', context, TLS_CONTEXT)
    this.#assertOpen('start TLS')
    if (this.#tls !== undefined) throw new LocalProtocolError('Cannot start TLS twice on one connection')
    const given = [unread, this.#current.protocol?.takeUnread?.()]
    const { data, ended } = this.#inbound.detach()
    const under = { wire: this.#wire, ...this.#outbound.detach() }
    this.#tls = new TLSLayer(context, under, this.reactor, {
      wireData: (plain) => this.#received(plain),
      wireEnded: () => this.#inbound.pushEnd(),
      wireWritable: () => this.#outbound.writable(),
      wireClosed: (error) => this.#closed(error),
      handshakeCompleted: (session) =>
        this.disconnecting ||
        void this.#callAndHold('handshakeCompleted', (protocol) => protocol.handshakeCompleted?.(session)),
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
    this.#current.drain(() => this.loseConnection())
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
    try {
      this.#inbound.deliver()
      this.#outbound.flush()
    } catch (error) {
      this.failConnection(error)
    }
    if (this.#wireClosed && !this.#inbound.owesEnd) this.#lose(undefined)
  }

  deliver(data: Buffer): Promise<void> | undefined {
    return this.#current.deliver(data)
  }

  get halfCloses(): boolean {
    return this.#current.protocol?.readConnectionLost !== undefined
  }

  endOverdue(heldBytes: number): void {
    if (heldBytes === 0) return this.loseConnection()
    const { departureGraceMs } = this.#options
    const untaken = `the protocol did not take the last ${heldBytes} bytes within ${departureGraceMs} ms after both ends`
    this.outputFailed(untaken)
  }

  deliverEnd(): void {
    if (!this.halfCloses) this.loseConnection()
    else void this.#current.tell((protocol) => protocol.readConnectionLost?.())
    if (this.#wireClosed) this.outputQueued()
  }

  heldBack(pending: Promise<void>): void {
    this.#stuck ??= new StuckCallback(this, this.#inbound, () => ({
      protocol: this.#current.protocol,
      callback: this.#awaited ?? 'dataReceived',
    }))
    this.#stuck.watch(pending)
  }

  outputQueued(): void {
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    this.#registry.turn.schedule(this)
  }

  outputFinished(): void {
    this.#wire.end()
    if (this.#stage.is === 'disconnecting') return this.#awaitPeersEnd()
    void this.#current.tell((protocol) => protocol.writeConnectionLost?.())
  }

  outputFailed(why: string): void {
    this.abortConnection(new Error(`Cannot keep the connection: ${why}`))
  }

  callProducer(call: () => unknown): void {
    this.#current.callSecondary(call)
  }

  callbackFailed(source: ProtocolEvents | undefined, error: unknown): void {
    if (this.#stage.is === 'lost' && isConnectionEnd(error, this.#stage.reason)) return
    reportFault(this, source, error)
    this.abortConnection(error)
  }

  #received(data: Buffer): void {
    this.#receivedBytes += data.length
    if (this.#stage.is !== 'connected') return this.#linger?.received(data)
    const watches = this.#watches
    if (watches !== undefined) void this.#current.tell(() => watches.received(data))
    this.#inbound.push(data)
  }

  #obey(policies: readonly ConnectionPolicy[]): void {
    const watches = new PolicyWatches(this, (enabled) => this.#inbound.throttle(enabled))
    this.#watches = watches
    if (watches.ask(policies)) watches.govern(this.#outbound, (call) => this.callProducer(call))
    else this.#watches = undefined
  }

  #watchWritten(parts: readonly (Uint8Array | string)[]): void {
    if (this.#outbound.takesWrites) void this.#current.tell(() => this.#watches?.written(parts))
  }

  #closed(error: Error | undefined): void {
    this.#wireClosed = true
    // Both ends were said, but the reader is behind: it gets what came before it hears of the end.
    if (error === undefined && this.#inbound.owesEnd) return this.#inbound.awaitReader()
    this.#lose(error)
  }

  #assertOpen(attempt: string): void {
    if (this.#stage.is === 'connected') return
    throw new NotConnectedError(`Cannot ${attempt} on a connection that is closing or gone`)
  }

  /** While what the call answers is pending, nothing is delivered. */
  #callAndHold(name: string, call: (protocol: ProtocolEvents) => unknown): Promise<void> | undefined {
    const { protocol } = this.#current
    const told = this.#current.tell(call)
    if (told === undefined || protocol !== this.#current.protocol) return told
    this.#awaited = name
    this.#inbound.waitFor(told)
    void told.then(() => (this.#awaited = undefined))
    return told
  }

  #awaitPeersEnd(): void {
    if (this.#wireClosed) this.outputQueued()
    else this.#linger = new Linger(this.#wire, this.#options, this.reactor)
  }

  #lose(error: Error | undefined): void {
    if (this.#stage.is === 'lost') return
    const reason = reasonFor(this.#stage, this.#outbound.finished, error)
    this.#inbound.close()
    this.#stage = { is: 'lost', reason }
    this.#outbound.stop()
    this.#linger?.over()
    this.#stuck?.stop()
    this.#abort?.abort(reason)
    void this.#current.tell((protocol) => protocol.connectionLost(reason))
    void this.#current.tell(() => this.#watches?.closed(reason))
    reportClose(this, reason, this.#receivedBytes, this.#outbound.sentBytes, this.#openedAtMs)
    this.#onLost?.(reason, this)
    this.#registry.connectionClosed(this)
  }
}

const FROM_STREAM = 'a producer; of a stream of Node, producerFrom(stream)'
const PULL_PRODUCER = having(FROM_STREAM, 'resumeProducing', 'stopProducing')
const PUSH_PRODUCER = having(FROM_STREAM, 'pauseProducing', 'resumeProducing', 'stopProducing')
