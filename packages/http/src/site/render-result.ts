import type { Request } from '../server/request.ts'
import { NOT_DONE_YET } from './not-done-yet.ts'

/** A whole body. */
export type Body = string | Uint8Array
/** What a `render` method may answer, now or by a promise. */
export type RenderResult = Rendered | Promise<Rendered>
/** A body, a body in pieces, or `NOT_DONE_YET` when the method answers through the request itself. */
export type Rendered = Body | AsyncIterable<Body> | typeof NOT_DONE_YET

/** Sends what a `render` method answered. Rejects as the method or its pieces do. */
export function sendResult(request: Request, result: RenderResult): void | Promise<void> {
  if (isPromise(result)) return sendLater(request, result)
  return sendRendered(request, result)
}

async function sendLater(request: Request, result: Promise<Rendered>): Promise<void> {
  await sendRendered(request, await result)
}

function sendRendered(request: Request, rendered: Rendered): void | Promise<void> {
  if (rendered === NOT_DONE_YET) return undefined
  if (request.outcome !== undefined) return isAsyncIterable(rendered) ? letGo(rendered) : undefined
  if (typeof rendered === 'string' || rendered instanceof Uint8Array) return sendWhole(request, rendered)
  if (isAsyncIterable(rendered)) return sendPieces(request, rendered)
  throw new TypeError(
    `Cannot send what render_${request.method} answered (${typeof rendered}): answer a string, bytes, an async iterable or NOT_DONE_YET`,
  )
}

function sendWhole(request: Request, body: Body): void {
  if (body.length > 0 && !request.responseHeaders.hasHeader('content-type')) {
    request.setHeader('Content-Type', DEFAULT_CONTENT_TYPE)
  }
  request.finish(body)
}

async function sendPieces(request: Request, pieces: AsyncIterable<Body>): Promise<void> {
  if (!request.responseHeaders.hasHeader('content-type'))
    request.setHeader('Content-Type', DEFAULT_CONTENT_TYPE)
  if (request.method === 'HEAD') {
    // The head of a body whose length nobody knows; its source is let go without being asked.
    request.write('')
    request.finish()
    return letGo(pieces)
  }
  const iterator = pieces[Symbol.asyncIterator]()
  let released: Promise<void> | undefined
  void request.finished.then((outcome) => {
    if (outcome === 'aborted') released = letGo(pieces, iterator, request.signal.reason)
    // What it rejects with is thrown below, once the source gives what it was asked for.
    released?.catch(() => undefined)
  })
  for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
    if (!request.write(piece) && !(await request.drained())) return released
  }
  request.finish()
  return released
}

/**
 * Ends a source of pieces that are wanted no more, also one that waits for its next piece: a stream is destroyed, of
 * anything else the iteration is ended.
 */
async function letGo(
  pieces: AsyncIterable<Body>,
  iterator: AsyncIterator<Body> = pieces[Symbol.asyncIterator](),
  reason?: unknown,
): Promise<void> {
  if ('destroy' in pieces && typeof pieces.destroy === 'function') pieces.destroy(reason)
  else await iterator.return?.()
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Body> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

const DEFAULT_CONTENT_TYPE = 'text/html; charset=utf-8'
