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
  if (rendered === NOT_DONE_YET || request.outcome !== undefined) return undefined
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
    await pieces[Symbol.asyncIterator]().return?.()
    return
  }
  for await (const piece of pieces) {
    if (!request.write(piece) && !(await request.drained())) return
  }
  request.finish()
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Body> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

const DEFAULT_CONTENT_TYPE = 'text/html; charset=utf-8'
