import { BodyAllowance } from './body-allowance.ts'
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
