import { HTTPError } from '../errors.ts'
import { formatDate } from '../message/date.ts'
import { lowerCaseElements } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'
import type { Request } from '../server/request.ts'
import { allowsRange, evaluatePreconditions, type Validators } from './preconditions.ts'
import { type ByteRange, contentRange, parseRange } from './ranges.ts'

/** What a resource sends of known length: the bytes of a file, or of a Data. */
export interface Representation extends Validators {
  readonly bytes: number
  readonly type: string
  /** The content coding of these bytes. */
  readonly coding?: string | undefined
}

/** A piece of a response: bytes of the representation, or text between them. */
export type Piece = ByteRange | string

/**
 * Decides what a request for a representation gets, and sets status and headers: the whole (200), one range or several
 * (206), or no body (304, HEAD).
 *
 * @returns the pieces of the body. The caller sends them, and finishes the response.
 * @throws {HTTPError} 412 when a condition fails, 416 when no range is satisfiable.
 * @see RFC 9110 §13.2.2, §14.2
 */
export function beginRepresentation(request: Request, representation: Representation): readonly Piece[] {
  const { bytes } = representation
  const nowMs = request.reactor.wallClock()
  const validators = sentValidators(representation, nowMs)
  const verdict = evaluatePreconditions(request, validators, nowMs)
  if (verdict === 412) throw HTTPError.withoutStack(412)
  setValidators(request, validators)
  if (verdict === 304) {
    request.setResponseCode(304)
    return []
  }
  request.setHeader('Accept-Ranges', 'bytes')
  const header = request.method === 'GET' ? onlyValue(request.requestHeaders, 'range') : undefined
  const ranges =
    header !== undefined && allowsRange(request.requestHeaders, validators, nowMs)
      ? parseRange(header, bytes, { most: MOST_RANGES })
      : 'whole'
  if (ranges === 'unsatisfiable') {
    throw HTTPError.withoutStack(416, undefined, { headers: [['Content-Range', `bytes */${bytes}`]] })
  }
  if (ranges === 'whole') return whole(request, representation)
  const several = ranges.length > 1
  // A coding of the parts has no field: that of the response would be the coding of all parts together.
  if (several && representation.coding !== undefined) return whole(request, representation)
  request.setResponseCode(206)
  return several ? parts(request, ranges, representation) : one(request, ranges, representation)
}

/** Adds a field name to Vary, unless it is listed. */
export function addVary(headers: Headers, name: string): void {
  const listed = lowerCaseElements(headers.getRawHeaders('vary') ?? [])
  if (!listed.includes('*') && !listed.includes(name.toLowerCase())) headers.addRawHeader('Vary', name)
}

function whole(request: Request, { bytes, type, coding }: Representation): readonly Piece[] {
  setContent(request, type, bytes, coding)
  return bytes === 0 || request.method === 'HEAD' ? [] : [{ start: 0, end: bytes }]
}

function one(
  request: Request,
  ranges: readonly ByteRange[],
  { bytes, type, coding }: Representation,
): readonly Piece[] {
  setContent(request, type, lengthOf(ranges), coding)
  for (const range of ranges) request.setHeader('Content-Range', contentRange(range, bytes))
  return ranges
}

/** RFC 9110 §14.6: several ranges, each after a head of its own. */
function parts(
  request: Request,
  ranges: readonly ByteRange[],
  { bytes, type }: Representation,
): readonly Piece[] {
  const boundary = request.reactor.randomBytes(BOUNDARY_BYTES).toString('hex')
  const pieces: Piece[] = []
  for (const range of ranges) {
    const lines = `Content-Type: ${type}\r\nContent-Range: ${contentRange(range, bytes)}\r\n`
    pieces.push(`\r\n--${boundary}\r\n${lines}\r\n`, range)
  }
  pieces.push(`\r\n--${boundary}--\r\n`)
  setContent(request, `multipart/byteranges; boundary=${boundary}`, lengthOf(pieces))
  return pieces
}

/** Returns the bytes that pieces have together. */
export function lengthOf(pieces: readonly Piece[]): number {
  let length = 0
  for (const piece of pieces) {
    length += typeof piece === 'string' ? Buffer.byteLength(piece, 'latin1') : piece.end - piece.start
  }
  return length
}

function setContent(request: Request, type: string, bytes: number, coding?: string): void {
  if (coding !== undefined) request.setHeader('Content-Encoding', coding)
  request.setHeader('Content-Type', type)
  request.setHeader('Content-Length', String(bytes))
}

/** RFC 9110 §8.8.2.1: Last-Modified is never later than Date. */
function sentValidators({ etag, lastModifiedMs }: Validators, nowMs: number): Validators {
  return { etag, lastModifiedMs: lastModifiedMs === undefined ? undefined : Math.min(lastModifiedMs, nowMs) }
}

function setValidators(request: Request, { etag, lastModifiedMs }: Validators): void {
  if (etag !== undefined) request.setHeader('ETag', etag)
  if (lastModifiedMs !== undefined) request.setHeader('Last-Modified', formatDate(lastModifiedMs))
}

/** Returns the value of a field that was sent once. */
function onlyValue(headers: Headers, name: string): string | undefined {
  const values = headers.getRawHeaders(name)
  return values?.length === 1 ? values[0] : undefined
}

const MOST_RANGES = 16
const BOUNDARY_BYTES = 16
