/** The deadlines of a body: see `HTTPChannelOptions`. */
export interface BodyAllowanceOptions {
  readonly bodyGraceMs: number
  readonly bodyTimeoutMs: number
  readonly minBodyBytesPerSecond: number
}

/**
 * The time that a client has left to send a request's body: a grace period at the beginning, and time
 * for every byte at the least rate. Only time spent waiting for the body counts, so a program that
 * reads slowly does not shorten it. Only bytes of the body count as progress.
 */
export class BodyAllowance {
  readonly #options: BodyAllowanceOptions
  #leftMs: number
  /** When the current wait began. */
  #sinceMs: number | undefined
  #progress = false

  constructor(options: BodyAllowanceOptions) {
    this.#options = options
    this.#leftMs = options.minBodyBytesPerSecond === 0 ? Infinity : options.bodyGraceMs
  }

  /** Counts bytes of the body that have arrived: not chunk sizes, extensions or trailers. */
  received(bytes: number): void {
    this.#leftMs += (bytes * 1000) / this.#options.minBodyBytesPerSecond
    this.#progress = true
  }

  /**
   * Begins or continues to wait for more of the body.
   *
   * @returns the milliseconds to wait from now; undefined when the deadline stays as it is.
   */
  wait(nowMs: number): number | undefined {
    if (this.#sinceMs !== undefined && !this.#progress) return undefined
    this.pause(nowMs)
    this.#sinceMs = nowMs
    return Math.min(this.#options.bodyTimeoutMs, Math.max(0, this.#leftMs))
  }

  /** Stops waiting, for now. */
  pause(nowMs: number): void {
    if (this.#sinceMs !== undefined) this.#leftMs -= nowMs - this.#sinceMs
    this.#sinceMs = undefined
    this.#progress = false
  }
}
