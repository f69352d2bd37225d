import type { Address } from './address.ts'

/**
 * What carries a transport's bytes: a socket, or one end of a pair in memory.
 *
 * It moves bytes and knows nothing else; order, limits and closing are the transport's.
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
   * @returns false when not all has left; then `writable` follows, and nothing more is handed over before.
   */
  write(parts: readonly (Buffer | string)[]): boolean
  /** Says that no more will be written: a FIN, behind what was handed over. */
  end(): void
  /** Ends both ways at once, dropping what has not left; a reset where the wire knows one. `closed` follows. */
  abort(): void
  /** Ends both ways at once, after `end`, without a reset. `closed` follows. */
  close(): void
  /** Stops reading. */
  pause(): void
  /** Reads again. */
  resume(): void
  /** Whether small segments leave at once; means nothing to some wires. */
  setNoDelay(enabled: boolean): void
  /** Whether a silent peer is probed; means nothing to some wires. */
  setKeepAlive(enabled: boolean, initialDelayMs: number): void
}

/** What a wire tells its transport. `closed` comes once and last. */
export interface WireEvents {
  /** Bytes came. */
  wireData(data: Buffer): void
  /** The peer will send no more. */
  wireEnded(): void
  /** All that was handed over has left. */
  wireWritable(): void
  /** The connection is gone; `error` is the system's, if it broke. */
  wireClosed(error: Error | undefined): void
}

/** A wire that is up, and between whom. */
export interface ConnectedWire {
  readonly wire: Wire
  readonly localAddress: Address
  readonly peerAddress: Address
  /** Begins to read. */
  attach(events: WireEvents): void
}
