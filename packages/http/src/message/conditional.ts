// A client that has a copy of a representation sends its validators, and the server compares them with those of
// the current one (RFC 9110 §13). An entity tag names one version; a date is the second of the last change.
//
//     field                  holds when                            otherwise
//     If-Match               a tag matches, strongly               412
//     If-Unmodified-Since    it has not changed since              412; not read when there is an If-Match
//     If-None-Match          no tag matches, weakly                304 to GET and HEAD, else 412
//     If-Modified-Since      it has changed since                  304; GET and HEAD, without If-None-Match
//     If-Range               the one validator matches, strongly   the whole representation instead of a part
import { formatDate, parseDate } from './date.ts'
import type { Headers } from './headers.ts'

/** What a request states about the copy that its client has. */
export interface ConditionalRequest {
  readonly method: string
  readonly requestHeaders: Headers
}

/** The current representation of a resource, as far as its conditions are concerned. */
export interface Validators {
  /** Whether there is a representation: false for a resource that a PUT creates. Default true. */
  readonly exists?: boolean | undefined
  /** Its entity tag, such as `"v1"` or `W/"v1"`; undefined when it has none. */
  readonly etag?: string | undefined
  /** When it was last changed, in milliseconds since 1970; undefined when that is not known. */
  readonly lastModifiedMs?: number | undefined
}

/**
 * What the conditions of a request allow: to proceed, or to respond with 304 (Not Modified) or 412 (Precondition
 * Failed) instead.
 */
export type Verdict = 'proceed' | 304 | 412

/** Which conditions are checked: all, or those on the validator that is already known. */
export type Checked = 'all' | 'tag' | 'date'

/**
 * Checks the conditions of a request, in the order of RFC 9110 §13.2.2.
 *
 * A list of tags that is malformed matches no tag. Since a client that sends one with PUT must not overwrite by
 * mistake, it is then a 412. A malformed date is ignored, as the RFC requires. If-Range is not one of these
 * conditions: see `allowsRange`.
 *
 * @param checked With `tag` or `date`, conditions on the other validator are left out, because it is not known yet.
 * @param nowMs Milliseconds since 1970.
 */
export function evaluatePreconditions(
  request: ConditionalRequest,
  current: Validators,
  nowMs: number,
  checked: Checked = 'all',
): Verdict {
  const { method, requestHeaders } = request
  // RFC 9110 §13.2.1: methods that do not select or change a representation have no conditions.
  if (UNCONDITIONAL.has(method)) return 'proceed'
  const reads = method === 'GET' || method === 'HEAD'
  const ifMatch = listOf(requestHeaders, 'if-match')
  const ifNoneMatch = listOf(requestHeaders, 'if-none-match')
  const date = (name: string): number | undefined =>
    checked === 'tag' ? undefined : dateOf(requestHeaders, name, nowMs)
  const changedSince = (sinceMs: number): boolean => isLater(current.lastModifiedMs, sinceMs)
  const tags = checked !== 'date'

  if (ifMatch !== undefined) {
    if (tags && !matches(ifMatch, current, isSameStrongly)) return 412
  } else {
    const unmodifiedSinceMs = date('if-unmodified-since')
    if (unmodifiedSinceMs !== undefined && changedSince(unmodifiedSinceMs)) return 412
  }
  if (ifNoneMatch !== undefined) {
    if (!tags || (isWellFormed(ifNoneMatch) && !matches(ifNoneMatch, current, isSameWeakly))) return 'proceed'
    if (!reads) return 412
    return isWellFormed(ifNoneMatch) ? 304 : 'proceed'
  }
  const modifiedSinceMs = reads ? date('if-modified-since') : undefined
  if (modifiedSinceMs === undefined || current.lastModifiedMs === undefined) return 'proceed'
  return changedSince(modifiedSinceMs) ? 'proceed' : 304
}

/**
 * Whether the Range field of a request applies: there is no If-Range, or its validator is the current one. If not,
 * the whole representation is sent.
 *
 * A date is compared exactly, and matches only once its second is over: the representation could change twice in
 * one second.
 *
 * @param nowMs Milliseconds since 1970.
 * @see RFC 9110 §13.1.5
 */
export function allowsRange(headers: Headers, current: Validators, nowMs: number): boolean {
  const values = headers.getRawHeaders('if-range')
  if (values === undefined) return true
  const [value = ''] = values
  if (values.length > 1) return false
  if (value.includes('"')) return current.etag !== undefined && isSameStrongly(value, current.etag)
  const { lastModifiedMs } = current
  if (lastModifiedMs === undefined || secondOf(lastModifiedMs) >= secondOf(nowMs)) return false
  const dateMs = parseDate(value, nowMs)
  return dateMs !== undefined && secondOf(dateMs) === secondOf(lastModifiedMs)
}

/**
 * Returns an entity tag as it is sent. Text without quotes is quoted: `v1` becomes `"v1"`, a strong tag.
 *
 * @throws {TypeError} when it cannot be sent: a tag has no blanks, quotes or control characters, and no characters
 *   above U+00FF.
 * @see RFC 9110 §8.8.3
 */
export function entityTag(text: string): string {
  if (typeof text === 'string') {
    if (TAG.test(text)) return text
    if (OPAQUE.test(text)) return `"${text}"`
  }
  throw new TypeError(
    `Cannot send the entity tag ${JSON.stringify(text).slice(0, 80)}: give text without blanks and quotes, or a tag such as "v1" or W/"v1" in its quotes`,
  )
}

/**
 * Returns the weak form of an entity tag: equal content, but not the same bytes.
 *
 * @example
 * ```ts
 * import { entityTag, weakTag } from '@ropewalk/http'
 *
 * console.log(weakTag(entityTag('v1')))
 * ```
 *
 * ```text
 * W/"v1"
 * ```
 */
export function weakTag(tag: string): string {
  return tag.startsWith('W/') ? tag : `W/${tag}`
}

/**
 * Returns the value of Last-Modified for a time. It is never later than now (RFC 9110 §8.8.2.1): a clock that is
 * wrong must not make a client believe that its copy is newer than a later change.
 *
 * @param timeMs Milliseconds since 1970; fractions of a second are dropped.
 * @param nowMs The same.
 */
export function lastModifiedValue(timeMs: number, nowMs: number): string {
  return formatDate(Math.min(timeMs, nowMs))
}

/** What a list of tags matches: any representation, or these tags; undefined when it is malformed. */
type TagList = '*' | readonly string[] | undefined

/** A condition that was sent, with its list. */
interface Sent {
  readonly list: TagList
}

function listOf(headers: Headers, name: string): Sent | undefined {
  const values = headers.getRawHeaders(name)
  return values === undefined ? undefined : { list: parseTags(values.join(',')) }
}

/** Reads `"*" / #entity-tag`. Tags may contain commas. The time is linear in the length of the list. */
function parseTags(value: string): TagList {
  if (value === '*') return '*'
  const tags: string[] = []
  let end = 0
  for (const [element, tag = ''] of value.matchAll(ELEMENT)) {
    tags.push(tag)
    end += element.length
  }
  return /^[ \t,]*$/.test(value.slice(end)) ? tags : undefined
}

function isWellFormed({ list }: Sent): boolean {
  return list !== undefined
}

function matches(
  { list }: Sent,
  { exists = true, etag }: Validators,
  isSame: (one: string, other: string) => boolean,
): boolean {
  if (list === undefined || !exists) return false
  if (list === '*') return true
  return etag !== undefined && list.some((tag) => isSame(tag, etag))
}

/** RFC 9110 §8.8.3.2 */
function isSameStrongly(one: string, other: string): boolean {
  return one === other && !one.startsWith('W/')
}

function isSameWeakly(one: string, other: string): boolean {
  return weakTag(one) === weakTag(other)
}

/** A field that is sent twice, or is not a date, is ignored. */
function dateOf(headers: Headers, name: string, nowMs: number): number | undefined {
  const values = headers.getRawHeaders(name)
  return values?.length === 1 ? parseDate(values[0] ?? '', nowMs) : undefined
}

/** Dates count whole seconds. One that is not known is not later. */
function isLater(timeMs: number | undefined, sinceMs: number): boolean {
  return timeMs !== undefined && secondOf(timeMs) > secondOf(sinceMs)
}

function secondOf(timeMs: number): number {
  return Math.floor(timeMs / 1000)
}

const UNCONDITIONAL: ReadonlySet<string> = new Set(['CONNECT', 'OPTIONS', 'TRACE'])
const ETAGC = '[\\x21\\x23-\\x7e\\x80-\\xff]'
const OPAQUE = new RegExp(`^${ETAGC}+$`)
const TAG = new RegExp(`^(?:W/)?"${ETAGC}*"$`)
/** One tag of a list, with the blanks and commas before it. */
const ELEMENT = new RegExp(`[ \\t,]*((?:W/)?"${ETAGC}*")[ \\t]*(?=,|$)`, 'gy')
