import { listElements } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import { passHeader } from './passed-headers.ts'

/** The part of a Response that is used; a library may have a class of its own for it. */
export interface WebResponse {
  readonly status: number
  readonly statusText: string
  readonly type?: string
  readonly url?: string
  readonly headers: Iterable<readonly [string, string]>
  readonly body: ReadableStream<Uint8Array> | null
  readonly bodyUsed: boolean
}

/** Whether a value is a `Response` of the web: of Node, or of a library that has its own. */
export function isWebResponse(value: unknown): value is WebResponse {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers } = value as Partial<WebResponse>
  return typeof status === 'number' && typeof headers === 'object' && Symbol.iterator in headers
}

/**
 * Sends a `Response` of the web.
 *
 * A body that is complete at once is sent with its length. A body that is not needed, because the client has
 * left or the request is HEAD, is cancelled. Without a Content-Type, none is sent.
 *
 * The headers of one that `fetch` returned describe what was received. Its body is decoded already, and its
 * connection is another one, so the headers about these are left out.
 *
 * @throws {TypeError} (rejects) when its body was read before, or it is the `Response.error()` of the web.
 * @see RFC 9110 §7.6.1
 */
export async function sendWebResponse(request: Request, response: WebResponse): Promise<void> {
  const { body } = response
  if (response.bodyUsed || body?.locked === true)
    throw new TypeError(
      'Cannot send a Response whose body is read elsewhere: return it unread, or its clone()',
    )
  if (response.type === 'error') throw new TypeError('Cannot send Response.error(): it has no status')
  if (request.outcome !== undefined) return body?.cancel(request.signal.reason)
  setHead(request, response)
  if (body === null) return request.finish()
  if (request.takesBody) return sendStream(request, body)
  request.finishWithoutPieces()
  await body.cancel()
}

function setHead(request: Request, { status, statusText, headers, url }: WebResponse): void {
  request.setResponseCode(status, statusText === '' ? undefined : statusText)
  const { responseHeaders } = request
  const received = url === undefined || url === '' ? NOTHING : receivedOnly(headers)
  for (const [name, value] of headers) {
    if (!received.has(name.toLowerCase())) passHeader(responseHeaders, name, [value])
  }
}

/** Connection names further fields about the connection. */
function receivedOnly(headers: WebResponse['headers']): ReadonlySet<string> {
  const options = [...headers].filter(([name]) => name.toLowerCase() === 'connection')
  return new Set([...RECEIVED_ONLY, ...options.flatMap(([, value]) => listElements([value.toLowerCase()]))])
}

async function sendStream(request: Request, stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader()
  let cancelled: Promise<void> | undefined
  void request.finished.then((outcome) => {
    if (outcome !== 'complete') cancelled = reader.cancel(request.signal.reason)
    // Its rejection is thrown below, once the loop has ended.
    cancelled?.catch(() => undefined)
  })
  let read: Piece = await reader.read()
  if (read.done) return request.finish()
  let next: Promise<Piece> = notAwaitedYet(reader.read())
  if (await isOver(next)) return finishWhole(request, read.value)
  begin(request)
  while (!read.done) {
    if (!request.write(read.value) && !(await request.drained())) break
    read = await next
    if (read.done) request.finish()
    else next = notAwaitedYet(reader.read())
  }
  await cancelled
}

/** Whether a stream ends within a few promise jobs, as that of a string or of bytes does. */
async function isOver(next: Promise<Piece>): Promise<boolean> {
  return Promise.race([notAwaitedYet(next.then(({ done }) => done)), afterSomeJobs()])
}

async function afterSomeJobs(): Promise<false> {
  for (let jobs = 0; jobs < END_JOBS; jobs++) await Promise.resolve()
  return false
}

/** A rejection while the client reads is found by the loop later. */
function notAwaitedYet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

function finishWhole(request: Request, body: Uint8Array): void {
  if (!request.responseHeaders.hasHeader('content-type')) {
    if (!request.responseHeaders.hasHeader('content-length'))
      request.setHeader('Content-Length', String(body.length))
    begin(request)
  }
  request.finish(body)
}

/** The head goes out at once: the client of an event stream waits for it. An empty piece adds no Content-Type. */
function begin(request: Request): void {
  request.write('')
}

type Piece =
  | { readonly done: false; readonly value: Uint8Array }
  | { readonly done: true; readonly value?: Uint8Array | undefined }

const NOTHING: ReadonlySet<string> = new Set()
const RECEIVED_ONLY: readonly string[] = [
  'connection',
  'content-encoding',
  'content-length',
  'trailer',
  'upgrade',
]
/** As many promise jobs as the stream of a string takes to end. */
const END_JOBS = 8
