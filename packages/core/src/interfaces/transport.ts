import type { Address } from '../addresses.ts'
import type { ProtocolEvents } from './protocol-events.ts'
import type { Reactor } from './reactor.ts'
import type { Certificate, TLSContext, TLSSession } from './tls.ts'

/**
 * One connection, for its whole life, whoever reads it.
 *
 * Nothing is sent inside a call: what one turn of the event loop wrote leaves together at its end
 * (sooner beyond 64 KiB). No method throws because the peer is gone.
 */
export interface Transport extends Consumer, PushProducer {
  /** The reactor that runs this connection: take time, timers and new connections from it. */
  readonly reactor: Reactor
  /** Counts a reactor's connections from 1; names this one in logs. */
  readonly id: number
  /** False once the connection is gone. */
  readonly connected: boolean
  /** True once a close has been asked for, by us or, without `readConnectionLost`, by the peer. */
  readonly disconnecting: boolean
  /**
   * Aborted when the connection is gone, with the reason that `connectionLost` got. A listener that throws ends the
   * process: that is Node's way with every AbortSignal.
   */
  readonly signal: AbortSignal
  /** Bytes queued and not yet taken by the operating system. */
  readonly bufferedBytes: number

  /**
   * Queues bytes, or a string as UTF-8. The caller must not change the bytes afterwards.
   *
   * @returns false above the high-water mark (the bytes are queued all the same: wait for
   *   `drained()`), and when the connection is closing or gone (they are dropped). While the queue is
   *   beyond its hard cap, a write aborts the connection.
   * @throws {TypeError} when `data` is neither bytes nor a string.
   */
  write(data: Uint8Array | string): boolean
  /** Writes `parts`, in order, as one write. */
  writeSequence(parts: Iterable<Uint8Array | string>): boolean
  /** Resolves below the low-water mark: true to go on, false when the connection is closing or gone. */
  drained(): Promise<boolean>
  /**
   * Writes `data` as soon as there is room for it; resolves when there is room for more. Whoever sends
   * concurrently is served in order, and each waits for the one before.
   *
   * While more than 16 MiB wait here, as when nobody awaits the promises, the connection is aborted.
   *
   * @throws {ConnectionClosed} (rejects) when the connection ends first, with the reason that `connectionLost`
   *   gets. Who does not wait for the promise need not hear of that.
   * @throws {NotConnectedError} (rejects) after `loseWriteConnection`.
   * @throws {TypeError} (rejects) when `data` is neither bytes nor a string.
   */
  send(data: Uint8Array | string): Promise<void>
  /**
   * Sends what `source` gives, and asks it for no more than the peer takes. Resolves when all is queued and
   * the queue below the low-water mark.
   *
   * A source that is not read to its end is released at once: a Node stream is destroyed, a web stream
   * cancelled, an iterator told to return. The connection is the caller's to close, whatever happens.
   * Write nothing else meanwhile, unless it may come between two pieces.
   *
   * @throws {ConnectionClosed} (rejects) when the connection ends first. Who does not wait for the promise
   *   need not hear of that.
   * @throws {unknown} (rejects) with the signal's reason, or with what the source throws.
   */
  pipeFrom(source: Pipeable, options?: PipeOptions): Promise<void>

  /** Sends what is queued (waiting for a registered producer to finish), then closes both ways. Delivers nothing more. */
  loseConnection(): void
  /** Sends what is queued (waiting for a registered producer to finish), then says that no more will come; reading goes on. */
  loseWriteConnection(): void
  /**
   * Stops the registered producer and unregisters it: `stopProducing` is called once, and a close that waits for it
   * goes on. For a protocol that has sent its last word, such as a close frame, and refuses what a producer of its
   * user would still give. Does nothing without a producer.
   */
  stopProducer(): void
  /** Drops what is queued and resets the connection. `connectionLost` gets a ConnectionAborted with this cause. */
  abortConnection(cause?: unknown): void
  /**
   * For work that goes on outside the callbacks: its failure is logged, as theirs is, and the connection
   * is aborted with it as the cause. That the connection has ended is no failure of who waited for it.
   */
  failConnection(error: unknown): void

  /** Delivers nothing until `resumeProducing`. A little is still read, so that a departed peer is noticed. */
  pauseProducing(): void
  /** Delivers again, first what was held back, at the end of this turn. */
  resumeProducing(): void
  /** The same as `loseConnection`. */
  stopProducing(): void

  /**
   * Gives the connection to `next` for good, as an HTTP upgrade does.
   *
   * What was queued leaves first. The current protocol's producer is unregistered, its pause ends,
   * and `protocolReplaced` is the last it hears. `next` is made connected at once, then receives
   * `unread`: the bytes the current protocol was given but did not parse.
   *
   * @throws {NotConnectedError} once the connection is closing.
   */
  switchProtocol(next: ProtocolEvents, unread?: Buffer): void

  /**
   * Speaks TLS from here on, with the same protocol.
   *
   * What was queued leaves first, unprotected. What came and was not delivered, what the protocol
   * hands out by `takeUnread`, and `unread` belong to the handshake: nothing that came before it is
   * ever read as if it were protected. Writes wait for the handshake; `handshakeCompleted` tells its
   * end, and a failed one is the end of the connection.
   *
   * @throws {NotConnectedError} once the connection is closing.
   * @throws {LocalProtocolError} when the connection has TLS already.
   */
  startTLS(context: TLSContext, unread?: Buffer): void
  /** What the TLS handshake has settled; undefined before its end, and without TLS. */
  readonly tlsSession: TLSSession | undefined
  /** The application protocol that TLS has settled (ALPN). */
  readonly negotiatedProtocol: string | undefined
  /** The certificate of the other side of TLS. */
  getPeerCertificate(): Certificate | undefined

  /** From now on `getPeer` and `getHost` answer these: a PROXY header has told who is at the other end. */
  assumeAddresses(peer: Address, host: Address): void
  /** The other end, as it was when the connection was made. */
  getPeer(): Address
  /** Our end. */
  getHost(): Address
  /** Whether small segments are sent at once (the default) or gathered by the operating system. */
  setTcpNoDelay(enabled: boolean): void
  /** Whether the operating system probes a silent peer, and after how long. */
  setTcpKeepAlive(enabled: boolean, initialDelayMs?: number): void
}

/** A source that can be told to wait: a transport's reading side, a file, another connection. */
export interface PushProducer {
  /** Stop giving data until `resumeProducing`. */
  pauseProducing(): unknown
  /** Go on giving data. */
  resumeProducing(): unknown
  /** Nobody will take data any more: release what you hold. */
  stopProducing(): unknown
}

/** A source that gives one piece for each time it is asked. */
export interface PullProducer {
  /** Give one piece, now or later; it is asked again once that has left. */
  resumeProducing(): unknown
  /** Nobody will take data any more: release what you hold. */
  stopProducing(): unknown
}

/** What a producer writes to. */
export interface Consumer {
  /**
   * Makes `producer` wait whenever this consumer has enough.
   *
   * A push producer (`streaming` true) is paused above the high-water mark and resumed below the
   * low one. A pull producer is asked for a piece at once, then each time the last has left. A
   * consumer that is gone calls `stopProducing` at once.
   *
   * @throws {LocalProtocolError} while another producer is registered.
   */
  registerProducer(producer: PushProducer, streaming: true): void
  registerProducer(producer: PullProducer, streaming: false): void
  /** The producer is done. Calls nothing on it; without one, does nothing. */
  unregisterProducer(): void
  /** Queues bytes; false means: enough for now. */
  write(data: Uint8Array | string): boolean
}

/** What can be piped: anything that gives pieces when asked, Node's and the web's streams among them. */
export type Pipeable = AsyncIterable<Uint8Array | string>

/** How a pipe ends. */
export interface PipeOptions {
  /** Ends it early: the promise rejects with its reason, and the connection stays as it is. */
  readonly signal?: AbortSignal | undefined
  /** Says our end behind the last piece: `loseWriteConnection`. Default false. */
  readonly end?: boolean | undefined
}

/** A transport's limits and deadlines. */
export interface TransportOptions {
  /** Above this many queued bytes `write` answers false and producers pause. Default 64 KiB. */
  readonly highWaterBytes: number
  /** Below this many queued bytes `drained` resolves and producers resume. Default 16 KiB. */
  readonly lowWaterBytes: number
  /** A write while more than this many bytes are queued aborts the connection. Default 16 MiB. */
  readonly maxBufferedBytes: number
  /** Bytes read ahead for a paused protocol, so that a departed peer is noticed. Default 64 KiB. */
  readonly readAheadBytes: number
  /**
   * Longest wait for a protocol that is paused, or whose promise is pending, after the peer has ended: before it is closed,
   * when it has no `readConnectionLost` and no bytes are before the end; before what is still held for it is dropped, when
   * both sides have ended, anew with each delivery. Default 5 000.
   */
  readonly departureGraceMs: number
  /**
   * Longest wait for the peer to take up to 64 KiB that are ready for it, beside the time that the least rate allows for
   * what the operating system holds; then the connection is aborted. Default 60 000.
   */
  readonly writeStallMs: number
  /**
   * Least rate of a peer that is waited for, in bytes a second. What the system's buffer may hide (at most 1.4 MB of what
   * was handed to it) is waited for at this rate before `writeStallMs`; what still comes after our end must come at it.
   * Default 2 000.
   */
  readonly minBytesPerSecond: number
  /**
   * Longest wait after our end for the peer's next bytes, which are dropped, or its end; then the connection is closed all
   * the same. Default 2 000.
   */
  readonly lingerMs: number
  /** Longest wait after our end in all, however much still comes. Default 30 000. */
  readonly lingerTotalMs: number
}
