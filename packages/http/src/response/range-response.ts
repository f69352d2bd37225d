import type { GivenOptions } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import { allowsRange } from '../message/conditional.ts'
import {
  type ByteRange,
  contentRange,
  type MultipartRanges,
  multipartRanges,
  parseRange,
  type RangeOptions,
  unsatisfiedRange,
} from '../message/ranges.ts'
import { parseDate } from '../message/date.ts'
import { iterate, release } from './piece-source.ts'
import { checkPreconditions, type ConditionalExchange, type Representation } from './validators.ts'

/** A representation of which a part can be read. */
export interface RangeSource extends Representation {
  /** Its length. */
  readonly totalBytes: number
  /**
   * Returns the bytes of a range, in pieces. Pieces of another length abort the connection. A stream is destroyed,
   * and an iteration ended, when the client leaves.
   */
  read(range: ByteRange): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** The part of a request that is used to respond with ranges. */
export interface RangedExchange extends ConditionalExchange {
  readonly takesBody: boolean
  readonly signal: AbortSignal
  readonly finished: Promise<unknown>
  readonly reactor: { wallClock(): number; randomBytes(count: number): Buffer }
  write(data: Uint8Array | string): boolean
  drained(): Promise<boolean>
  finish(body?: Uint8Array | string): void
  finishWithoutPieces(): void
}

/**
 * Responds with a representation or the parts that the client asks for: 200, 206, 304, 412. The parts are read as
 * fast as the client reads. Set Content-Type before.
 *
 * @throws {HTTPError} (rejects) 416 when no range has a byte.
 * @throws {unknown} (rejects) with what `read` throws; the request has not been finished then.
 * @see RFC 9110 §14.2
 */
export async function sendRanges(
  request: RangedExchange,
  source: RangeSource | Uint8Array,
  options?: GivenOptions<RangeOptions>,
): Promise<void> {
  const from = source instanceof Uint8Array ? bytesSource(source) : source
  request.setHeader('Accept-Ranges', 'bytes')
  if (checkPreconditions(request, withSentTag(request, from)) === 'done') return
  const body = bodyFor(request, from, options)
  request.setHeader('Content-Length', String(body.totalBytes))
  if (!request.takesBody) return request.finishWithoutPieces()
  for (const { lines, range } of body.parts) {
    if (!(await isSent(request, lines))) return
    if (!(await isPartSent(request, from.read(range)))) return
  }
  request.finish(body.end)
}

function bytesSource(bytes: Uint8Array): RangeSource {
  return { totalBytes: bytes.length, read: ({ start, end }) => [bytes.subarray(start, end)] }
}

/** The program may have called `setETag` before. */
function withSentTag(
  { responseHeaders }: RangedExchange,
  { etag, lastModified }: RangeSource,
): Representation {
  return { etag: etag ?? responseHeaders.get('etag'), lastModified }
}

/** What is sent as a body: parts with the lines before them, and what follows the last one. */
type RangeBody = Pick<MultipartRanges, 'totalBytes' | 'parts' | 'end'>

/** Sets status and headers for the parts that the client asks for. */
function bodyFor(
  request: RangedExchange,
  { totalBytes }: RangeSource,
  options: GivenOptions<RangeOptions> | undefined,
): RangeBody {
  const ranges = askedRanges(request, totalBytes, options)
  if (ranges === 'unsatisfiable') {
    throw HTTPError.withoutStack(416, undefined, {
      headers: [['Content-Range', unsatisfiedRange(totalBytes)]],
    })
  }
  if (ranges === 'whole') return plainBody({ start: 0, end: totalBytes })
  request.setResponseCode(206)
  const [range] = ranges
  if (ranges.length === 1 && range !== undefined) {
    request.setHeader('Content-Range', contentRange(range, totalBytes))
    return plainBody(range)
  }
  const type = request.responseHeaders.get('content-type')
  const boundary = request.reactor.randomBytes(BOUNDARY_BYTES).toString('hex')
  const { contentType, ...body } = multipartRanges(ranges, totalBytes, type, boundary)
  request.setHeader('Content-Type', contentType)
  return body
}

function plainBody(range: ByteRange): RangeBody {
  return { totalBytes: range.end - range.start, parts: [{ lines: '', range }], end: '' }
}

/** RFC 9110 §14.2: only GET has ranges, and only a response that would be a 200. */
function askedRanges(
  request: RangedExchange,
  totalBytes: number,
  options: GivenOptions<RangeOptions> | undefined,
): ReturnType<typeof parseRange> {
  const fields = request.requestHeaders.getRawHeaders('range')
  if (fields?.length !== 1 || request.method !== 'GET' || request.code !== 200) return 'whole'
  const nowMs = request.reactor.wallClock()
  const { responseHeaders } = request
  const current = {
    etag: responseHeaders.get('etag'),
    lastModifiedMs: parseDate(responseHeaders.get('last-modified') ?? '', nowMs),
  }
  if (!allowsRange(request.requestHeaders, current, nowMs)) return 'whole'
  return parseRange(fields[0], totalBytes, options)
}

/** Returns false once nothing more can be sent: the source is released, even while it waits for its next piece. */
async function isPartSent(
  request: RangedExchange,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<boolean> {
  if (!(Symbol.asyncIterator in pieces)) {
    for (const piece of pieces) if (!(await isSent(request, piece))) return false
    return true
  }
  const iterator = iterate(pieces)
  let released: Promise<void> | undefined
  let isRead = false
  void request.finished.then(() => {
    if (!isRead) released = release(pieces, iterator, request.signal.reason)
    // Its rejection is thrown below, once the loop has ended.
    released?.catch(() => undefined)
  })
  for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
    if (await isSent(request, piece)) continue
    await released
    return false
  }
  isRead = true
  await released
  return request.outcome === undefined
}

/** Returns false once nothing more can be sent. */
async function isSent(request: RangedExchange, piece: Uint8Array | string): Promise<boolean> {
  if (request.outcome !== undefined) return false
  return piece.length === 0 || request.write(piece) || (await request.drained())
}

const BOUNDARY_BYTES = 16
