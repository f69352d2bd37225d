import type { Address } from '../addresses.ts'
import { assertBytes } from '../bytes/byte-queue.ts'
import { type ConnectionClosed, LocalProtocolError, NotConnectedError } from '../errors.ts'
import type { ConnectionPolicy } from '../interfaces/policy.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import type { TLSContext, TLSSession } from '../interfaces/tls.ts'
import type {
  Pipeable,
  PipeOptions,
  PullProducer,
  PushProducer,
  Transport,
  TransportOptions,
} from '../interfaces/transport.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'
import { checkValue } from '../options/check-options.ts'
import { PROTOCOL, TLS_CONTEXT } from '../options/object-rules.ts'
import { having } from '../options/option-rules.ts'
import { CONNECTED, DISCONNECTING, isConnectionEnd, Linger, reasonFor, type Stage } from './connection-end.ts'
import type { ConnectionRegistry, RegisteredConnection, TurnEnder } from './connection-registry.ts'
import { CurrentProtocol, type FaultListener, StuckCallback } from './current-protocol.ts'
import { connectionLabel, diagnose, reportClose, reportFault } from './diagnostics.ts'
import { Inbound, type InboundEvents } from './inbound.ts'
import { Outbound, type OutboundOwner } from './outbound.ts'
import { PolicyWatches } from './policy-watches.ts'
import { pipeFrom, Sender } from './sending.ts'
import { TLSLayer } from './tls-layer.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from './transport-options.ts'

/** What a connection is made of. */
export interface ConnectionSetup {
  readonly registry: ConnectionRegistry
  readonly wire: Wire
  readonly localAddress: Address
  readonly peerAddress: Address
  /** Default: those of every transport. */
  readonly options?: TransportOptions | undefined
  /** Called after the protocol's `connectionLost`. */
  readonly onLost?: ((reason: ConnectionClosed, connection: Connection) => void) | undefined
}

/**
 * One stream connection over any wire: the machine behind a StreamTransport.
 *
 * Reading (`Inbound`) and writing (`Outbound`) know nothing of each other. This class knows the current
 * protocol, how the connection ends, and that a fault in a callback ends nothing but this connection:
 *
 *     connected ──loseConnection──▶ disconnecting ──output and FIN sent──▶ lingering ──peer's FIN──▶ lost
 *         └───────────────┴──abortConnection, a fault, a cap──▶ aborted ──wire closed──────────────────▲
 */
export class Connection
  implements RegisteredConnection, WireEvents, InboundEvents, OutboundOwner, FaultListener, TurnEnder
{
  readonly id: number
  /** What the protocols hold. */
  readonly transport: Transport
  readonly #registry: ConnectionRegistry
  readonly #onLost: ConnectionSetup['onLost']
  readonly #options: TransportOptions
  #wire: Wire
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  #peerAddress: Address
  #localAddress: Address
  readonly #current: CurrentProtocol
  #stage: Stage = CONNECTED
  /** The wire has closed. The end of the connection may still wait until the protocol has received what is held. */
  #wireClosed = false
  /** The reactor is stopping: a protocol that becomes current is drained too. */
  #draining = false
  #turnScheduled = false
  readonly #openedAtMs: number
  #receivedBytes = 0
  #tls: TLSLayer | undefined
  #watches: PolicyWatches | undefined
  #abort: AbortController | undefined
  #sender: Sender | undefined
  #stuck: StuckCallback | undefined
  /** The name of the callback whose promise is pending, unless that is `dataReceived`. */
  #awaited: string | undefined

  constructor(setup: ConnectionSetup, transport: Transport) {
    const { registry, wire, options, onLost } = setup
    this.transport = transport
    this.#registry = registry
    this.#wire = wire
    this.#onLost = onLost
    this.#peerAddress = setup.peerAddress
    this.#localAddress = setup.localAddress
    this.#options = options ?? DEFAULT_TRANSPORT_OPTIONS
    this.#openedAtMs = registry.reactor.now()
    this.#current = new CurrentProtocol(registry, transport, this)
    this.#inbound = new Inbound(wire, this.#options, registry.reactor, this.#current, this)
    this.#outbound = new Outbound(wire, this.#options, registry.reactor, this)
    this.id = registry.connectionOpened(this)
  }

  /**
   * Connects the first protocol. `policies` observe the connection across switches.
   *
   * @returns a promise that resolves when the promise that its `makeConnection` returned has settled; undefined
   *   when it returned none.
   */
  begin(protocol: ProtocolEvents, policies: readonly ConnectionPolicy[] = []): Promise<void> | undefined {
    this.#current.replace(protocol)
    if (policies.length > 0) void this.#current.call(() => this.#obey(policies))
    return this.#callAndHold('connectionMade', () => protocol.makeConnection(this.transport))
  }

  get reactor(): Reactor {
    return this.#registry.reactor
  }

  get wire(): Wire {
    return this.#wire
  }

  get peerAddress(): Address {
    return this.#peerAddress
  }

  get localAddress(): Address {
    return this.#localAddress
  }

  get connected(): boolean {
    return this.#stage.is !== 'lost'
  }

  get disconnecting(): boolean {
    return this.#stage.is !== 'connected'
  }

  /** Whether the connection ends with an abort, by us or after a fault. */
  get aborted(): boolean {
    return this.#stage.is === 'aborted'
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#stage.is === 'lost') this.#abort.abort(this.#stage.reason)
    return this.#abort.signal
  }

  get bufferedBytes(): number {
    return this.#outbound.bytes
  }

  get writtenBytes(): number {
    return this.#outbound.writtenBytes
  }

  get label(): string {
    return connectionLabel(this.transport, this.#current.protocol)
  }

  get tlsSession(): TLSSession | undefined {
    return this.#tls?.session
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
    this.#sender ??= new Sender(this.transport)
    return this.#sender.send(data)
  }

  pipeFrom(source: Pipeable, options: PipeOptions): Promise<void> {
    return pipeFrom(this.transport, source, options)
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
    if (this.#stage.is === 'lingering') this.#stage.linger.over()
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
    diagnose('ropewalk.pause', () => ({ transport: this.transport }))
    this.#inbound.pause()
  }

  resumeProducing(): void {
    this.#inbound.resume()
    this.outputQueued()
  }

  /** Makes `next` the current protocol, and returns what `begin` does. */
  switchProtocol(next: ProtocolEvents, unread?: Buffer): Promise<void> | undefined {
    checkValue('switchProtocol', 'next', next, PROTOCOL)
    this.#assertOpen('switch protocols')
    this.#outbound.unregisterProducer()
    this.#inbound.restart(unread)
    const previous = this.#current.replace(next)
    void this.#current.call((protocol) => protocol.protocolReplaced?.(), previous)
    diagnose('ropewalk.switch', () => ({ transport: this.transport, previous, protocol: next }))
    const settled = this.#callAndHold('connectionMade', () => next.makeConnection(this.transport))
    this.#inbound.deliverHeld()
    if (this.#draining) this.drain()
    return settled
  }

  startTLS(context: TLSContext, unread?: Buffer): void {
    checkValue('startTLS', 'context', context, TLS_CONTEXT)
    this.#assertOpen('start TLS')
    if (this.#tls !== undefined) throw new LocalProtocolError('Cannot start TLS twice on one connection')
    const unparsed = [unread, this.#current.protocol?.takeUnread?.()]
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
    this.#tls.begin([...unparsed, data], ended)
  }

  assumeAddresses(peer: Address, host: Address): void {
    this.#peerAddress = peer
    this.#localAddress = host
  }

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
      this.#inbound.deliverHeld()
      this.#outbound.flush()
    } catch (error) {
      this.failConnection(error)
    }
    if (this.#wireClosed && !this.#inbound.owesEnd) this.#lose(undefined)
  }

  inputEnded(): void {
    if (this.#current.halfCloses) void this.#current.call((protocol) => protocol.readConnectionLost?.())
    else this.loseConnection()
    if (this.#wireClosed) this.outputQueued()
  }

  inputHeld(pending: Promise<void>): void {
    this.#stuck ??= new StuckCallback(this.transport, this.#inbound, () => ({
      protocol: this.#current.protocol,
      callback: this.#awaited ?? 'dataReceived',
    }))
    this.#stuck.watch(pending)
  }

  endOverdue(heldBytes: number): void {
    if (heldBytes === 0) return this.loseConnection()
    const { departureGraceMs } = this.#options
    const untaken = `the protocol did not take the last ${heldBytes} bytes within ${departureGraceMs} ms after both ends`
    this.outputFailed(untaken)
  }

  outputQueued(): void {
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    this.#registry.turn.schedule(this)
  }

  outputFinished(): void {
    this.#wire.end()
    if (this.#stage.is === 'disconnecting') return this.#awaitPeersEnd()
    void this.#current.call((protocol) => protocol.writeConnectionLost?.())
  }

  outputFailed(why: string): void {
    this.abortConnection(new Error(`Cannot keep the connection: ${why}`))
  }

  callProducer(call: () => unknown): void {
    this.#current.callSecondary(call)
  }

  callbackFailed(source: ProtocolEvents | undefined, error: unknown): void {
    if (this.#stage.is === 'lost' && isConnectionEnd(error, this.#stage.reason)) return
    reportFault(this.transport, source, error)
    this.abortConnection(error)
  }

  #received(data: Buffer): void {
    this.#receivedBytes += data.length
    const stage = this.#stage
    if (stage.is === 'lingering') return stage.linger.received(data)
    if (stage.is !== 'connected') return
    const watches = this.#watches
    if (watches !== undefined) void this.#current.call(() => watches.received(data))
    this.#inbound.push(data)
  }

  #obey(policies: readonly ConnectionPolicy[]): void {
    const watches = new PolicyWatches(this.transport, (enabled) => this.#inbound.setThrottled(enabled))
    this.#watches = watches
    if (watches.addWatchesOf(policies)) watches.govern(this.#outbound, (call) => this.callProducer(call))
    else this.#watches = undefined
  }

  #watchWritten(parts: readonly (Uint8Array | string)[]): void {
    if (this.#outbound.takesWrites) void this.#current.call(() => this.#watches?.written(parts))
  }

  #closed(error: Error | undefined): void {
    this.#wireClosed = true
    // Both sides have ended, but input is held: the protocol receives it before the end.
    if (error === undefined && this.#inbound.owesEnd) return this.#inbound.wireClosed()
    this.#lose(error)
  }

  #assertOpen(attempt: string): void {
    if (this.#stage.is === 'connected') return
    throw new NotConnectedError(`Cannot ${attempt} on a connection that is closing or gone`)
  }

  /** While the promise that the call returns is pending, nothing is delivered. */
  #callAndHold(name: string, call: (protocol: ProtocolEvents) => unknown): Promise<void> | undefined {
    const { protocol } = this.#current
    const pending = this.#current.call(call)
    if (pending === undefined || protocol !== this.#current.protocol) return pending
    this.#awaited = name
    this.#inbound.waitFor(pending)
    void pending.then(() => (this.#awaited = undefined))
    return pending
  }

  #awaitPeersEnd(): void {
    if (this.#wireClosed) this.outputQueued()
    else this.#stage = { is: 'lingering', linger: new Linger(this.#wire, this.#options, this.reactor) }
  }

  #lose(error: Error | undefined): void {
    const stage = this.#stage
    if (stage.is === 'lost') return
    const reason = reasonFor(stage, this.#outbound.finished, error)
    this.#inbound.close()
    this.#stage = { is: 'lost', reason }
    this.#outbound.stop()
    if (stage.is === 'lingering') stage.linger.over()
    this.#stuck?.stop()
    this.#abort?.abort(reason)
    void this.#current.call((protocol) => protocol.connectionLost(reason))
    void this.#current.call(() => this.#watches?.closed(reason))
    reportClose(this.transport, reason, this.#receivedBytes, this.#outbound.sentBytes, this.#openedAtMs)
    this.#onLost?.(reason, this)
    this.#registry.connectionClosed(this)
  }
}

const FROM_STREAM = 'a producer; of a stream of Node, producerFrom(stream)'
const PULL_PRODUCER = having(FROM_STREAM, 'resumeProducing', 'stopProducing')
const PUSH_PRODUCER = having(FROM_STREAM, 'pauseProducing', 'resumeProducing', 'stopProducing')
