import type { HTTPChannelOptions } from './channel-options.ts'
import type { Request } from './request.ts'

/** What a channel is doing; each phase carries the data that only it needs. */
export type Phase =
  | { readonly is: 'head' }
  | RequestPhase
  | { readonly is: 'discarding'; readonly leftBytes: number }
  | { readonly is: 'over' }

/** A request is being processed, and its body read. */
export class RequestPhase {
  readonly is = 'request'
  readonly request: Request
  /** Whether the client waits for 100 Continue. */
  owesContinue: boolean
  /** Longest time until the response begins. */
  responseTimeoutMs: number
  /** Bytes of the response sent when the current `departure` wait began. */
  sentAtDeparture = 0
  readonly #options: HTTPChannelOptions
  #allowance: BodyAllowance | undefined

  constructor(request: Request, owesContinue: boolean, options: HTTPChannelOptions) {
    this.request = request
    this.owesContinue = owesContinue
    this.responseTimeoutMs = options.responseTimeoutMs
    this.#options = options
  }

  /** Passes on a piece of the body that has arrived. */
  bodyReceived(data: Buffer): void {
    this.#allowance ??= new BodyAllowance(this.#options)
    this.#allowance.received(data.length)
    this.request.body.pieceReceived(data)
  }

  /**
   * Begins or continues to wait for more of the body.
   *
   * @param clock The clock of deadlines, which leaves out time in which the event loop was blocked.
   * @returns the milliseconds to wait from now; undefined when the deadline stays as it is.
   */
  waitForBody(clock: { now(): number }): number | undefined {
    this.#allowance ??= new BodyAllowance(this.#options)
    return this.#allowance.wait(clock.now())
  }

  /** Stops waiting for the body, for now. */
  pauseBody(clock: { now(): number }): void {
    this.#allowance?.pause(clock.now())
  }
}

/** The channel reads a head, or waits for one. */
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
