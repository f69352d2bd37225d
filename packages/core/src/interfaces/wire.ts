import type { Address } from '../addresses.ts'

/**
 * What carries a transport's bytes: a socket, or one end of a pair in memory.
 *
 * It moves bytes and knows nothing else; order, limits and closing are the transport's. Every wire passes the
 * `wireChecks` of `@ropewalk/core/testing`.
 */
export interface Wire {
  /**
   * The most bytes that a peer may take of what was handed over before `wireWritable` shows it, because what carries the
   * wire holds them. Absent: none.
   */
  readonly hiddenBytes?: number | undefined
  /**
   * Hands bytes over, in order; a string is UTF-8.
   *
   * @returns false when not all has left; then `wireWritable` follows once it has, or `wireClosed`, and nothing more is
   * handed over before. After true it does not follow.
   */
  write(parts: readonly (Buffer | string)[]): boolean
  /** Ends our side: a FIN, after what was handed over. Reading goes on. */
  end(): void
  /** Ends both ways at once, dropping what has not left; a reset where the wire knows one. `wireClosed` follows. */
  abort(): void
  /** Ends both ways at once, after `end`, without a reset. `wireClosed` follows. */
  close(): void
  /**
   * Stops `wireData`, from this call on: what has come already is kept as well. The other events still come,
   * see `WireEvents`.
   */
  pause(): void
  /** Reads again: what was kept comes after this call has returned, in order. */
  resume(): void
  /** Whether small segments leave at once; means nothing to some wires. */
  setNoDelay(enabled: boolean): void
  /** Whether a silent peer is probed; means nothing to some wires. */
  setKeepAlive(enabled: boolean, initialDelayMs: number): void
}

/**
 * What a wire notifies its transport of; nothing of it within a call of `attach`, `pause`, `resume`, `end`, `abort` or
 * `close`. After `abort` or `close` only `wireClosed` comes.
 */
export interface WireEvents {
  /** Bytes came. Never while the wire is paused. */
  wireData(data: Buffer): void
  /**
   * The peer will send no more. Comes once, after all data, so not while bytes are unread.
   *
   * It comes while the wire is paused too, when nothing is unread before it. Only a stream that learns of its end by
   * reading, such as a file, keeps it until `resume`.
   */
  wireEnded(): void
  /** All that was handed over has left. */
  wireWritable(): void
  /**
   * The connection is gone; `error` is the system's, if it broke. Comes once and last.
   *
   * A wire that broke notifies at once, paused or not, and drops what was unread; it may need a second to find out that
   * the peer has reset behind unread bytes. Without an error, and without `abort` or `close`, both sides have ended:
   * then all data and `wireEnded` have come before.
   */
  wireClosed(error: Error | undefined): void
}

/** A wire that is up, and between whom. */
export interface ConnectedWire {
  readonly wire: Wire
  readonly localAddress: Address
  readonly peerAddress: Address
  /**
   * Sends the events of the wire to `events` from now on, and begins to read. What came before, an end or a close too,
   * is kept until then and comes after this call has returned: a wire that is paused at once brings no data.
   */
  attach(events: WireEvents): void
}
