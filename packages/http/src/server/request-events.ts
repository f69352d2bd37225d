import { type Channel, channel } from 'node:diagnostics_channel'
import type { Transport } from '@ropewalk/core'
import type { FinishedRequest } from './access-log.ts'
import type { Request } from './request.ts'

/**
 * The messages about requests published on `node:diagnostics_channel`, by the name of the channel. These are a
 * public contract. While a channel has no subscriber, no message is created for it.
 */
export interface RequestDiagnosticEvents {
  /** A request's head is whole, and the client is known; it is about to be processed. */
  'ropewalk.request.start': { readonly request: Request }
  /** A request has ended, or input was refused before it became a request. */
  'ropewalk.request.finish': FinishedRequest
  /**
   * A program has failed to process a request, with an error that is not an HTTPError; or the server has
   * refused it, because the client violates HTTP or a deadline has passed.
   */
  'ropewalk.request.error': {
    readonly transport: Transport
    /** undefined when the client has sent no whole head. */
    readonly request: Request | undefined
    readonly error: unknown
  }
}

/** Whether anything is published about a request that begins now. */
export function isObserved(): boolean {
  return STARTED.hasSubscribers || FINISHED.hasSubscribers
}

/** Whether the end of a request that begins now will be published. */
export function isFinishAwaited(): boolean {
  return FINISHED.hasSubscribers
}

/** Publishes that a request is about to be processed. */
export function publishStart(request: Request): void {
  if (STARTED.hasSubscribers) STARTED.publish({ request } satisfies Events['ropewalk.request.start'])
}

/** Publishes the end of a request. */
export function publishFinish(finished: FinishedRequest): void {
  FINISHED.publish(finished satisfies Events['ropewalk.request.finish'])
}

/** Publishes that a request failed or was refused. */
export function publishFailure(transport: Transport, request: Request | undefined, error: unknown): void {
  if (!FAILED.hasSubscribers) return
  FAILED.publish({ transport, request, error } satisfies Events['ropewalk.request.error'])
}

type Events = RequestDiagnosticEvents

const STARTED: Channel = channel('ropewalk.request.start')
const FINISHED: Channel = channel('ropewalk.request.finish')
const FAILED: Channel = channel('ropewalk.request.error')
