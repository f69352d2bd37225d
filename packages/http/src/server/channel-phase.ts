import { BodyAllowance } from './body-allowance.ts'
import type { HTTPChannelOptions } from './channel-options.ts'
import type { Request } from './request.ts'

/** What a connection is doing; each phase carries the data that only it needs. */
export type Phase =
  /** No byte of a next request has arrived. */
  | { readonly is: 'idle' }
  /** A part of a head has arrived. */
  | { readonly is: 'head' }
  /** The client does not read its responses: no request is read until they are sent. */
  | { readonly is: 'congested' }
  | RequestPhase
  /** The response is complete, and the rest of the body is discarded. */
  | { readonly is: 'discarding'; leftBytes: number }
  /** The channel has closed, or another protocol has the connection. */
  | { readonly is: 'over' }

/** A request is being processed, and its body read. */
export class RequestPhase {
  readonly is = 'request'
  readonly request: Request
  /** Whether the client waits for 100 Continue. */
  owesContinue: boolean
  /** Longest time until the response begins, in milliseconds. */
  responseTimeoutMs: number
  /** What the deadline is for. */
  awaits: Awaited = NOTHING
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

/** What a request's deadline is for: the client's body, or the program's response. */
export type Awaited =
  | { readonly is: 'nothing' }
  | { readonly is: 'body' }
  /** The beginning of the response. */
  | { readonly is: 'response' }
  /** Progress of the response after the client's FIN; `sentBytes` of its body were sent when the wait began. */
  | { readonly is: 'departure'; readonly sentBytes: number }

/** What leads from one phase to the next: a method of `ChannelCourse`. */
export type ChannelEvent =
  | 'headBegun'
  | 'headRead'
  | 'outputFull'
  | 'outputSent'
  | 'exchangeComplete'
  | 'responseComplete'
  | 'bodyComplete'
  | 'drain'
  | 'end'

/** The next phase for each event. An event that is missing from a phase cannot happen in it. */
export const NEXT_PHASE: {
  readonly [phase in Phase['is']]: { readonly [event in ChannelEvent]?: Phase['is'] }
} = {
  idle: { headBegun: 'head', headRead: 'request', outputFull: 'congested', drain: 'idle', end: 'over' },
  head: { headRead: 'request', outputFull: 'congested', drain: 'head', end: 'over' },
  congested: { headRead: 'request', outputSent: 'idle', drain: 'idle', end: 'over' },
  request: { exchangeComplete: 'idle', responseComplete: 'discarding', drain: 'request', end: 'over' },
  discarding: { bodyComplete: 'idle', drain: 'discarding', end: 'over' },
  over: { drain: 'over', end: 'over' },
}

/** The phases and waits that carry no data. */
export const IDLE: Phase = { is: 'idle' }
export const HEAD: Phase = { is: 'head' }
export const CONGESTED: Phase = { is: 'congested' }
export const OVER: Phase = { is: 'over' }
export const NOTHING: Awaited = { is: 'nothing' }
export const BODY: Awaited = { is: 'body' }
export const RESPONSE: Awaited = { is: 'response' }
