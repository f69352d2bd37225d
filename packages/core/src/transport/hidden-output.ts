/**
 * The most that a peer may still have to take of what a connection has sent before the operating system shows it.
 *
 * A system takes output into a buffer of its own and reports room only once a good part of it is free: Linux when a third
 * of up to 4 MiB is. Until then a peer that reads steadily shows no progress. What was handed over therefore counts as
 * held until a peer that takes `minBytesPerSecond` would have taken it.
 */
export class HiddenOutput {
  readonly #bytesPerMs: number
  #bytes = 0
  #atMs = 0
  /** Bytes of the connection's output that were counted. */
  #countedBytes = 0

  constructor(minBytesPerSecond: number) {
    this.#bytesPerMs = minBytesPerSecond / 1000
  }

  /**
   * Counts what was handed over since the last call.
   *
   * @param sentBytes Bytes handed over since the connection began.
   * @param mostBytes The most that can be held.
   * @param nowMs On a clock that stands still while the event loop does.
   */
  handedOver(sentBytes: number, mostBytes: number, nowMs: number): void {
    const left = Math.max(0, this.#bytes - (nowMs - this.#atMs) * this.#bytesPerMs)
    this.#bytes = Math.min(mostBytes, left + sentBytes - this.#countedBytes)
    this.#countedBytes = sentBytes
    this.#atMs = nowMs
  }

  /** Milliseconds, from the last count, in which a peer at the lowest rate takes all that is held. */
  get takenInMs(): number {
    return this.#bytes === 0 ? 0 : Math.ceil(this.#bytes / this.#bytesPerMs)
  }
}
