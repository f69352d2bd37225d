import type { Address } from '../addresses.ts'

/**
 * The byte stream beneath a transport: a socket, a pipe, or one end of a pair in memory.
 *
 * A wire only moves bytes. The transport is responsible for order, limits and closing. The listener for the
 * wire's events is set with `attach` of its `ConnectedWire`. Every wire passes the `wireChecks` of
 * `@ropewalk/core/checks`.
 */
export interface Wire {
  /** The most bytes that the peer may read from the system's send buffer before `wireWritable` is called. Default 0. */
  readonly hiddenBytes?: number | undefined
  /**
   * Sends bytes in order; a string is sent as UTF-8.
   *
   * @returns false when not all bytes have left. Then `wireWritable` follows once they have, or `wireClosed`,
   *   and the caller writes nothing before that. After true, `wireWritable` does not follow.
   */
  write(parts: readonly (Buffer | string)[]): boolean
  /** Sends a FIN after everything written. Reading continues. */
  end(): void
  /**
   * Closes both directions at once and drops unsent bytes; sends a reset if the wire has one. `wireClosed`
   * follows.
   */
  abort(): void
  /** Closes both directions at once, after `end`, without a reset. `wireClosed` follows. */
  close(): void
  /**
   * Stops `wireData` from this call on: bytes received already are kept too. The other events are still
   * notified, see `WireEvents`.
   */
  pause(): void
  /** Reads again. Bytes that were kept are delivered in order, after this call has returned. */
  resume(): void
  /** Sets whether small segments are sent at once. Some wires ignore this. */
  setNoDelay(enabled: boolean): void
  /**
   * Sets whether a silent peer is probed, first after `initialDelayMs` milliseconds. Some wires ignore this.
   */
  setKeepAlive(enabled: boolean, initialDelayMs: number): void
}

/**
 * The callbacks that a wire calls on its transport, never from within `attach`, `pause`, `resume`, `end`,
 * `abort` or `close`. After `abort` or `close`, only `wireClosed` is called.
 */
export interface WireEvents {
  /** Bytes were received. Not called while the wire is paused. */
  wireData(data: Buffer): void
  /**
   * The peer will send no more. Called once, after all data, so not while bytes are unread.
   *
   * It is called while the wire is paused too, when no bytes are unread before the end. Only a stream that
   * detects its end by reading, such as a file, defers the call until `resume`.
   */
  wireEnded(): void
  /** All written bytes have left. */
  wireWritable(): void
  /**
   * The connection is gone; `error` is the system's error, if it broke. Called once and last.
   *
   * A wire that broke calls this at once, paused or not, and drops unread bytes. It may take a second to
   * detect a reset after unread bytes. Without an error, and without `abort` or `close`, both sides have
   * ended: all data was delivered and `wireEnded` was called before.
   */
  wireClosed(error: Error | undefined): void
}

/** A wire that is up, with the addresses of both ends, and the way to receive its events. */
export interface ConnectedWire {
  readonly wire: Wire
  readonly localAddress: Address
  readonly peerAddress: Address
  /**
   * Calls `events` from now on, and begins to read. Events from before this call, also an end or a close, are
   * kept and delivered after it has returned. If the caller pauses the wire at once, no data is delivered.
   */
  attach(events: WireEvents): void
}
