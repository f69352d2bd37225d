import type { HTTPChannelOptions } from './channel-options.ts'
import type { Request } from './request.ts'

/** What a channel is at; each phase carries what only it knows. */
export type Phase =
  | { readonly is: 'head' }
  | RequestPhase
  | { readonly is: 'discarding'; readonly leftBytes: number }
  | { readonly is: 'over' }

/** A request is processed, and its body read. */
export class RequestPhase {
  readonly is = 'request'
  readonly request: Request
  /** Whether the client waits for 100 Continue. */
  owesContinue: boolean
  /** How long the response may take to begin. */
  responseTimeoutMs: number
  /** Bytes of the response that were sent when the wait began of a client that has closed its side. */
  sentAtDeparture = 0
  readonly #options: HTTPChannelOptions
  #allowance: BodyAllowance | undefined

  constructor(request: Request, owesContinue: boolean, options: HTTPChannelOptions) {
    this.request = request
    this.owesContinue = owesContinue
    this.responseTimeoutMs = options.responseTimeoutMs
    this.#options = options
  }

  /** A piece of the body has come. */
  bodyReceived(data: Buffer): void {
    this.#allowance ??= new BodyAllowance(this.#options)
    this.#allowance.received(data.length)
    this.request.body.pieceReceived(data)
  }

  /**
   * More of the body is waited for.
   *
   * @param clock That of deadlines, which leaves out time in which the loop stood still.
   * @returns for how many milliseconds; undefined when the deadline stays as it is.
   */
  waitForBody(clock: { now(): number }): number | undefined {
    this.#allowance ??= new BodyAllowance(this.#options)
    return this.#allowance.wait(clock.now())
  }

  /** No more of the body is waited for, for now. */
  pauseBody(clock: { now(): number }): void {
    this.#allowance?.pause(clock.now())
  }
}

/** A head is read, or awaited. */
export const HEAD: Phase = { is: 'head' }
/** The channel has closed, or another protocol has the connection. */
export const OVER: Phase = { is: 'over' }

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
