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
  /** Longest wait for the peer to take up to 64 KiB that are ready for it; then the connection is aborted. Default 60 000. */
  readonly writeStallMs: number
  /** Longest wait for the peer's end after ours; then the connection is closed all the same. Default 2 000. */
  readonly lingerMs: number
  /** Bytes that may still come, and are dropped, while waiting for the peer's end. Default 64 KiB. */
  readonly lingerBytes: number
}
