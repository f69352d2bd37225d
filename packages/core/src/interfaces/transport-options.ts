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
