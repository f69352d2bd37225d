/** The deadlines of a body: see `HTTPChannelOptions`. */
export interface BodyAllowanceOptions {
  readonly bodyGraceMs: number
  readonly bodyTimeoutMs: number
  readonly minBodyBytesPerSecond: number
}

/**
 * How long a client may still take for a request's body: a grace at the beginning, and time for
 * every byte of it at the least rate. Only time in which the body is waited for counts, so a
 * reader that takes its time costs the client nothing, and only bytes of the body are progress.
 */
export class BodyAllowance {
  readonly #options: BodyAllowanceOptions
  #leftMs: number
  /** When the wait began that is under way. */
  #sinceMs: number | undefined
  #progress = false

  constructor(options: BodyAllowanceOptions) {
    this.#options = options
    this.#leftMs = options.minBodyBytesPerSecond === 0 ? Infinity : options.bodyGraceMs
  }

  /** Bytes of the body have come: not chunk sizes, extensions or trailers. */
  received(bytes: number): void {
    this.#leftMs += (bytes * 1000) / this.#options.minBodyBytesPerSecond
    this.#progress = true
  }

  /**
   * More of the body is waited for.
   *
   * @returns how long, in milliseconds from now; undefined when the deadline stays as it is.
   */
  wait(nowMs: number): number | undefined {
    if (this.#sinceMs !== undefined && !this.#progress) return undefined
    this.pause(nowMs)
    this.#sinceMs = nowMs
    return Math.min(this.#options.bodyTimeoutMs, Math.max(0, this.#leftMs))
  }

  /** No more of it is waited for, for now. */
  pause(nowMs: number): void {
    if (this.#sinceMs !== undefined) this.#leftMs -= nowMs - this.#sinceMs
    this.#sinceMs = undefined
    this.#progress = false
  }
}
