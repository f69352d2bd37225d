import type { Address } from '../addresses.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Reactor } from '../interfaces/reactor.ts'
import type { Certificate, TLSContext, TLSSession } from '../interfaces/tls.ts'
import type { Pipeable, PipeOptions, PullProducer, PushProducer, Transport } from '../interfaces/transport.ts'
import { Connection, type ConnectionSetup } from './connection.ts'

/**
 * The transport of every stream connection, over any wire: what `Transport` promises to protocols, and nothing
 * more. The machine that keeps the promises is `Connection`.
 */
export class StreamTransport implements Transport {
  /** A property of its own, so that a log shows it. */
  readonly id: number
  readonly #connection: Connection

  constructor(setup: ConnectionSetup) {
    this.#connection = new Connection(setup, this)
    this.id = this.#connection.id
  }

  /** Returns the connection of a transport; undefined for a transport of another class. */
  static connectionOf(transport: StreamTransport): Connection
  static connectionOf(transport: Transport): Connection | undefined
  static connectionOf(transport: Transport): Connection | undefined {
    return #connection in transport ? transport.#connection : undefined
  }

  get reactor(): Reactor {
    return this.#connection.reactor
  }

  get connected(): boolean {
    return this.#connection.connected
  }

  get disconnecting(): boolean {
    return this.#connection.disconnecting
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  get writtenBytes(): number {
    return this.#connection.writtenBytes
  }

  write(data: Uint8Array | string): boolean {
    return this.#connection.write(data)
  }

  writeSequence(parts: Iterable<Uint8Array | string>): boolean {
    return this.#connection.writeSequence(parts)
  }

  drained(): Promise<boolean> {
    return this.#connection.drained()
  }

  send(data: Uint8Array | string): Promise<void> {
    return this.#connection.send(data)
  }

  pipeFrom(source: Pipeable, options: PipeOptions = {}): Promise<void> {
    return this.#connection.pipeFrom(source, options)
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#connection.registerProducer(producer, streaming)
  }

  unregisterProducer(): void {
    this.#connection.unregisterProducer()
  }

  stopProducer(): void {
    this.#connection.stopProducer()
  }

  loseConnection(): void {
    this.#connection.loseConnection()
  }

  loseWriteConnection(): void {
    this.#connection.loseWriteConnection()
  }

  abortConnection(cause?: unknown): void {
    this.#connection.abortConnection(cause)
  }

  failConnection(error: unknown): void {
    this.#connection.failConnection(error)
  }

  pauseProducing(): void {
    this.#connection.pauseProducing()
  }

  resumeProducing(): void {
    this.#connection.resumeProducing()
  }

  stopProducing(): void {
    this.#connection.loseConnection()
  }

  switchProtocol(next: ProtocolEvents, unread?: Buffer): void {
    void this.#connection.switchProtocol(next, unread)
  }

  startTLS(context: TLSContext, unread?: Buffer): void {
    this.#connection.startTLS(context, unread)
  }

  get tlsSession(): TLSSession | undefined {
    return this.#connection.tlsSession
  }

  get negotiatedProtocol(): string | undefined {
    return this.#connection.tlsSession?.negotiatedProtocol
  }

  getPeerCertificate(): Certificate | undefined {
    return this.#connection.tlsSession?.peerCertificate
  }

  assumeAddresses(peer: Address, host: Address): void {
    this.#connection.assumeAddresses(peer, host)
  }

  getPeer(): Address {
    return this.#connection.peerAddress
  }

  getHost(): Address {
    return this.#connection.localAddress
  }

  setTcpNoDelay(enabled: boolean): void {
    this.#connection.wire.setNoDelay(enabled)
  }

  setTcpKeepAlive(enabled: boolean, initialDelayMs: number = 0): void {
    this.#connection.wire.setKeepAlive(enabled, initialDelayMs)
  }
}

/** Opens a connection over a wire. The caller attaches it to the wire and calls `begin` with its first protocol. */
export function openConnection(setup: ConnectionSetup): Connection {
  return StreamTransport.connectionOf(new StreamTransport(setup))
}
