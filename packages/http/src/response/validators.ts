import { HTTPError } from '../errors.ts'
import {
  type Checked,
  type ConditionalRequest,
  entityTag,
  evaluatePreconditions,
  lastModifiedValue,
  type Validators,
} from '../message/conditional.ts'
import { parseDate } from '../message/date.ts'
import type { Headers } from '../message/headers.ts'

/** The part of a request that is used to check its conditions, and to respond if they do not hold. */
export interface ConditionalExchange extends ConditionalRequest {
  readonly responseHeaders: Headers
  readonly code: number
  readonly started: boolean
  readonly outcome: unknown
  readonly reactor: { wallClock(): number }
  setHeader(name: string, value: string): void
  setResponseCode(code: number): void
  finish(): void
  processingFailed(error: unknown): void
}

/** A time as programs give it: a Date, or milliseconds since 1970. */
export type Time = number | { getTime(): number }

/** What a program knows about the current representation of a resource. */
export interface Representation {
  /** Whether there is one: false for a resource that a PUT creates. Default true. */
  readonly exists?: boolean | undefined
  /** Its entity tag, as `setETag` takes it. */
  readonly etag?: string | undefined
  /** When it was last changed. */
  readonly lastModified?: Time | undefined
}

/**
 * Sets ETag, and responds with 304 or 412 if the client's conditions require it.
 *
 * @returns whether the response was sent.
 * @throws {TypeError} when the tag cannot be sent.
 */
export function setETag(request: ConditionalExchange, tag: string): boolean {
  const etag = entityTag(tag)
  request.setHeader('ETag', etag)
  return respond(request, { etag }, 'tag')
}

/**
 * Sets Last-Modified, and responds with 304 or 412 if the client's conditions require it. Of several calls the
 * latest time counts.
 *
 * @returns whether the response was sent.
 * @throws {TypeError} when `when` is not a time.
 */
export function setLastModified(request: ConditionalExchange, when: Time): boolean {
  const nowMs = request.reactor.wallClock()
  const setMs = parseDate(request.responseHeaders.get('last-modified') ?? '', nowMs)
  const lastModifiedMs = Math.max(timeOf(when), setMs ?? -Infinity)
  request.setHeader('Last-Modified', lastModifiedValue(lastModifiedMs, nowMs))
  return respond(request, { lastModifiedMs }, 'date')
}

/**
 * Checks the conditions of a request against the current representation, and responds with 304 or 412 if they do
 * not hold. For GET and HEAD it also sets ETag and Last-Modified.
 *
 * @returns `done` when the response was sent: the method must not be performed.
 * @throws {TypeError} when the tag cannot be sent, or the time is not one.
 */
export function checkPreconditions(
  request: ConditionalExchange,
  { exists, etag: tag, lastModified }: Representation = {},
): 'proceed' | 'done' {
  const nowMs = request.reactor.wallClock()
  const etag = tag === undefined ? undefined : entityTag(tag)
  const lastModifiedMs = lastModified === undefined ? undefined : timeOf(lastModified)
  if (request.method === 'GET' || request.method === 'HEAD') {
    if (etag !== undefined) request.setHeader('ETag', etag)
    if (lastModifiedMs !== undefined) {
      request.setHeader('Last-Modified', lastModifiedValue(lastModifiedMs, nowMs))
    }
  }
  return respond(request, { exists, etag, lastModifiedMs }, 'all') ? 'done' : 'proceed'
}

function respond(request: ConditionalExchange, current: Validators, checked: Checked): boolean {
  if (request.started || request.outcome !== undefined) return false
  // RFC 9110 §13.2.1: conditions are ignored when the response would be no success without them.
  if (request.code < 200 || request.code > 299) return false
  const verdict = evaluatePreconditions(request, current, request.reactor.wallClock(), checked)
  if (verdict === 'proceed') return false
  if (verdict === 412) request.processingFailed(HTTPError.withoutStack(412))
  else respondNotModified(request)
  return true
}

/** RFC 9110 §15.4.5: a 304 has what updates the client's copy, and nothing that describes a body. */
function respondNotModified(request: ConditionalExchange): void {
  for (const name of OF_THE_BODY) request.responseHeaders.removeHeader(name)
  request.setResponseCode(304)
  request.finish()
}

/** @throws {TypeError} when it is not a time: a caller may not check types. */
function timeOf(when: Time): number {
  const timeMs: unknown = typeof when === 'object' && when !== null ? when.getTime() : when
  if (typeof timeMs === 'number' && Number.isFinite(timeMs)) return timeMs
  throw new TypeError('Cannot take the time of the last change: give a Date, or milliseconds since 1970')
}

const OF_THE_BODY = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
]
