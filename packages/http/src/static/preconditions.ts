import { parseDate } from '../message/date.ts'
import type { Headers } from '../message/headers.ts'

/** What identifies the current version of a representation. */
export interface Validators {
  /** An entity tag as it is sent: `"x"` or `W/"x"`. */
  readonly etag?: string | undefined
  /** When it was last changed, in milliseconds since 1970. A fraction of a second is ignored. */
  readonly lastModifiedMs?: number | undefined
}

/** What a request states about the copy that its client has. */
export interface ConditionalRequest {
  readonly method: string
  readonly requestHeaders: Headers
}

/**
 * Evaluates the conditions of a request for an existing representation, in the order of RFC 9110.
 *
 * @param nowMs Milliseconds since 1970.
 * @returns the status of the response, if it is to be another one than without the conditions.
 * @see RFC 9110 §13.2.2
 */
export function evaluatePreconditions(
  { method, requestHeaders }: ConditionalRequest,
  { etag, lastModifiedMs }: Validators,
  nowMs: number,
): 'proceed' | 304 | 412 {
  const ifMatch = requestHeaders.getRawHeaders('if-match')
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag, isSameStrong)) return 412
  } else {
    const unmodifiedSince = dateOf(requestHeaders, 'if-unmodified-since', nowMs)
    if (isAfter(lastModifiedMs, unmodifiedSince)) return 412
  }
  const reads = method === 'GET' || method === 'HEAD'
  const ifNoneMatch = requestHeaders.getRawHeaders('if-none-match')
  if (ifNoneMatch !== undefined) {
    if (!matches(ifNoneMatch, etag, isSameWeak)) return 'proceed'
    return reads ? 304 : 412
  }
  if (!reads || lastModifiedMs === undefined) return 'proceed'
  const modifiedSince = dateOf(requestHeaders, 'if-modified-since', nowMs)
  return modifiedSince === undefined || isAfter(lastModifiedMs, modifiedSince) ? 'proceed' : 304
}

/**
 * Whether a Range header applies: there is no If-Range, or its validator is that of the representation. A date must be
 * equal to Last-Modified, and be a second old, because the file could change twice in a second.
 *
 * @param nowMs Milliseconds since 1970.
 * @see RFC 9110 §13.1.5
 */
export function allowsRange(
  requestHeaders: Headers,
  { etag, lastModifiedMs }: Validators,
  nowMs: number,
): boolean {
  const values = requestHeaders.getRawHeaders('if-range')
  if (values === undefined) return true
  const [value = ''] = values
  if (values.length > 1) return false
  if (value.endsWith('"')) return etag !== undefined && isSameStrong(value, etag)
  const date = parseDate(value, nowMs)
  if (date === undefined || lastModifiedMs === undefined) return false
  return date === wholeSecond(lastModifiedMs) && date + 1000 <= nowMs
}

/** A list that is not one of entity tags matches nothing. */
function matches(
  values: readonly string[],
  etag: string | undefined,
  isSame: (one: string, other: string) => boolean,
): boolean {
  const list = values.join(',')
  if (list === '*') return true
  return etag !== undefined && entityTags(list).some((tag) => isSame(tag, etag))
}

/** RFC 9110 §8.8.3: entity tags may contain commas, so the list cannot be split at these. */
function entityTags(list: string): readonly string[] {
  const tags: string[] = []
  const element = new RegExp(LIST_ELEMENT, 'y')
  while (element.lastIndex < list.length) {
    const found = element.exec(list)
    if (found === null) return []
    if (found[1] !== undefined) tags.push(found[1])
  }
  return tags
}

function isSameStrong(one: string, other: string): boolean {
  return one === other && !one.startsWith('W/')
}

function isSameWeak(one: string, other: string): boolean {
  return opaque(one) === opaque(other)
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

/** Returns the date of a field; undefined when it has none, several, or an invalid one, which is ignored. */
function dateOf(headers: Headers, name: string, nowMs: number): number | undefined {
  const values = headers.getRawHeaders(name)
  return values?.length === 1 ? parseDate(values[0] ?? '', nowMs) : undefined
}

function isAfter(timeMs: number | undefined, dateMs: number | undefined): boolean {
  return timeMs !== undefined && dateMs !== undefined && wholeSecond(timeMs) > dateMs
}

function wholeSecond(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000
}

/** One entity tag or an empty element, up to the next comma or the end. */
const LIST_ELEMENT = /[ \t]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|$)/
