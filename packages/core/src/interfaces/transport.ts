import type { Address } from '../addresses.ts'
import type { ProtocolEvents } from './protocol-events.ts'
import type { Reactor } from './reactor.ts'
import type { Certificate, TLSContext, TLSSession } from './tls.ts'

/**
 * One connection for its whole life, whichever protocol is current on it.
 *
 * Writes are sent together at the end of the turn, or sooner beyond 64 KiB. No method throws because the peer
 * is gone.
 */
export interface Transport extends Consumer, PushProducer {
  /** The reactor that runs this connection: use it for time, timers and new connections. */
  readonly reactor: Reactor
  /** Identifies this connection in logs: the connections of a reactor are numbered from 1. */
  readonly id: number
  /** False once the connection is gone. */
  readonly connected: boolean
  /**
   * True once `loseConnection` or `abortConnection` was called, or the peer has sent a FIN and the protocol
   * has no `readConnectionLost`.
   */
  readonly disconnecting: boolean
  /**
   * Aborted when the connection is gone, with the same reason that `connectionLost` gets. A listener that
   * throws ends the process, as Node does for every AbortSignal.
   */
  readonly signal: AbortSignal
  /** Bytes written that the operating system has not accepted yet. */
  readonly bufferedBytes: number
  /** All bytes written since the connection began: those that were sent, and those that are queued. */
  readonly writtenBytes: number

  /**
   * Queues bytes, or a string as UTF-8. The caller must not change the bytes afterwards.
   *
   * @returns false above the high-water mark: the bytes are queued all the same, but the caller should wait
   *   for `drained()`. Also false when the connection is closing or gone: the bytes are dropped. A write
   *   while the queue is beyond `maxBufferedBytes` aborts the connection.
   * @throws {TypeError} when `data` is neither bytes nor a string.
   */
  write(data: Uint8Array | string): boolean
  /** Writes `parts`, in order, as one write. */
  writeSequence(parts: Iterable<Uint8Array | string>): boolean
  /** Resolves below the low-water mark: with true, or with false when the connection is closing or gone. */
  drained(): Promise<boolean>
  /**
   * Writes `data` when the queue has space for it, and resolves when it has space again. Concurrent calls are
   * served in order: each waits for the one before it.
   *
   * If more than 16 MiB wait here, because the promises are not awaited, the connection is aborted.
   *
   * @throws {ConnectionClosed} (rejects) when the connection ends first, with the reason that
   *   `connectionLost` gets. If the promise is not awaited, this rejection is swallowed.
   * @throws {NotConnectedError} (rejects) after `loseWriteConnection`.
   * @throws {TypeError} (rejects) when `data` is neither bytes nor a string.
   */
  send(data: Uint8Array | string): Promise<void>
  /**
   * Sends everything from `source`, which is read only as fast as the peer reads. Resolves when everything is
   * queued and the queue is below the low-water mark.
   *
   * A source that was not read to its end is released at once: a Node stream is destroyed, a web stream is
   * cancelled, and `return` is called on an iterator. The connection stays open in every case: the caller
   * closes it. Other writes meanwhile may be sent between two pieces of the source.
   *
   * @throws {ConnectionClosed} (rejects) when the connection ends first. If the promise is not awaited, this
   *   rejection is swallowed.
   * @throws {unknown} (rejects) with the signal's reason, or with the error of the source.
   */
  pipeFrom(source: Pipeable, options?: PipeOptions): Promise<void>

  /**
   * Waits for a registered producer to finish, sends what is queued, then closes both directions. No more
   * data is delivered.
   */
  loseConnection(): void
  /** Waits for a registered producer to finish, sends what is queued, then a FIN. Reading continues. */
  loseWriteConnection(): void
  /**
   * Stops the registered producer and unregisters it: `stopProducing` is called once, and a close that waits
   * for the producer continues. A protocol calls this after its last message, such as a close frame, when a
   * producer of its user must write no more. Does nothing without a producer.
   */
  stopProducer(): void
  /**
   * Drops what is queued and resets the connection. `connectionLost` gets a ConnectionAborted with `cause`.
   */
  abortConnection(cause?: unknown): void
  /**
   * Reports a failure of work that runs outside the callbacks, as if a callback had thrown: logs `error` and
   * aborts the connection with it as the cause. An `error` that stems from the end of this connection is
   * ignored.
   */
  failConnection(error: unknown): void

  /**
   * Delivers nothing until `resumeProducing`. `readAheadBytes` are still read, so that a departed peer is
   * noticed.
   */
  pauseProducing(): void
  /** Delivers again from the end of this turn on, first the bytes that were held. */
  resumeProducing(): void
  /** The same as `loseConnection`. */
  stopProducing(): void

  /**
   * Makes `next` the current protocol for good, as an HTTP upgrade does.
   *
   * What was queued is sent first. The producer of the current protocol is unregistered, and a pause of its input
   * ends; `protocolReplaced` is the last call it gets. `makeConnection` of `next` is called at once. Then `next`
   * receives `unread`, the bytes that the current protocol received but did not parse.
   *
   * @throws {NotConnectedError} once the connection is closing.
   */
  switchProtocol(next: ProtocolEvents, unread?: Buffer): void

  /**
   * Starts TLS on this connection; the current protocol stays.
   *
   * What was queued is sent first, unencrypted. `unread`, the result of the protocol's `takeUnread`, and
   * bytes that were received but not delivered become part of the handshake: bytes from before the handshake
   * are never delivered as if they were encrypted. Writes wait for the end of the handshake, when
   * `handshakeCompleted` is called. A handshake that fails ends the connection.
   *
   * @throws {NotConnectedError} once the connection is closing.
   * @throws {LocalProtocolError} when the connection has TLS already.
   */
  startTLS(context: TLSContext, unread?: Buffer): void
  /** The result of the TLS handshake; undefined before its end, and without TLS. */
  readonly tlsSession: TLSSession | undefined
  /** The application protocol negotiated by TLS (ALPN). */
  readonly negotiatedProtocol: string | undefined
  /** The peer's TLS certificate. */
  getPeerCertificate(): Certificate | undefined

  /** Sets the addresses that `getPeer` and `getHost` return, such as those of a PROXY header. */
  assumeAddresses(peer: Address, host: Address): void
  /** The peer's address, as it was when the connection was made. */
  getPeer(): Address
  /** Our own address. */
  getHost(): Address
  /** Sets whether the operating system sends small segments at once (the default) or gathers them. */
  setTcpNoDelay(enabled: boolean): void
  /** Sets whether the operating system probes a silent peer, first after `initialDelayMs` milliseconds. */
  setTcpKeepAlive(enabled: boolean, initialDelayMs?: number): void
}

/**
 * A source that writes by itself and can be paused: a transport's reading side, a file, another connection.
 */
export interface PushProducer {
  /** Writes no data until `resumeProducing`. */
  pauseProducing(): unknown
  /** Writes data again. */
  resumeProducing(): unknown
  /** The consumer accepts no more data: the producer releases its resources. */
  stopProducing(): unknown
}

/** A source that writes one piece for each call. */
export interface PullProducer {
  /** Writes one piece, now or later. It is called again when that piece was sent. */
  resumeProducing(): unknown
  /** The consumer accepts no more data: the producer releases its resources. */
  stopProducing(): unknown
}

/** What a producer writes to. */
export interface Consumer {
  /**
   * Pauses `producer` whenever this consumer's queue is full.
   *
   * A push producer (`streaming` true) is paused above the high-water mark and resumed below the low-water
   * mark. `resumeProducing` of a pull producer is called at once, then each time the last piece was sent. A
   * consumer that is gone calls `stopProducing` at once.
   *
   * @throws {LocalProtocolError} while another producer is registered.
   */
  registerProducer(producer: PushProducer, streaming: true): void
  registerProducer(producer: PullProducer, streaming: false): void
  /**
   * Removes the producer, if there is one, without a call to it. A close that waits for the producer
   * continues.
   */
  unregisterProducer(): void
  /** Queues bytes. @returns false when the producer should wait. */
  write(data: Uint8Array | string): boolean
}

/** A source for `pipeFrom`: any async iterable of pieces, such as a Node stream or a web stream. */
export type Pipeable = AsyncIterable<Uint8Array | string>

/** Options of `pipeFrom`. */
export interface PipeOptions {
  /** Ends the pipe early: the promise rejects with the signal's reason, and the connection stays as it is. */
  readonly signal?: AbortSignal | undefined
  /** Calls `loseWriteConnection` after the last piece. Default false. */
  readonly end?: boolean | undefined
}

/** A transport's limits and deadlines. */
export interface TransportOptions {
  /** Above this many queued bytes, `write` returns false and producers pause. Default 64 KiB. */
  readonly highWaterBytes: number
  /** Below this many queued bytes, `drained` resolves and producers resume. Default 16 KiB. */
  readonly lowWaterBytes: number
  /** A write while more than this many bytes are queued aborts the connection. Default 16 MiB. */
  readonly maxBufferedBytes: number
  /** Bytes read ahead for a paused protocol, so that a departed peer is noticed. Default 64 KiB. */
  readonly readAheadBytes: number
  /**
   * Longest wait in milliseconds, after the peer's FIN, for a protocol that is paused or has a pending
   * promise. If it has no `readConnectionLost` and no bytes are held before the FIN, the connection is closed
   * then. If both sides have ended, the connection is aborted and the held bytes are dropped; each delivery
   * restarts that wait. Default 5 000.
   */
  readonly departureGraceMs: number
  /**
   * Longest wait in milliseconds for the peer to take up to 64 KiB of output, in addition to the time that
   * `minBytesPerSecond` allows for the system's send buffer. Then the connection is aborted. Default 60 000.
   */
  readonly writeStallMs: number
  /**
   * Lowest rate that a peer must keep, in bytes a second. The time that a peer of this rate needs for the
   * bytes that may be in the system's send buffer (at most 1.4 MB) is added to `writeStallMs`. During a
   * lingering close, the peer must send at this rate. Default 2 000.
   */
  readonly minBytesPerSecond: number
  /**
   * Longest wait in milliseconds during a lingering close for the peer's next bytes, which are dropped, or
   * its FIN. Then the connection is closed. Default 2 000.
   */
  readonly lingerMs: number
  /** Longest lingering close in all, in milliseconds, however much the peer still sends. Default 30 000. */
  readonly lingerTotalMs: number
}
