import { LocalProtocolError } from '@ropewalk/core'
import type { Request } from '../server/request.ts'

/** A whole body. */
export type Body = string | Uint8Array
/** What a `render` method may return, at once or by a promise. */
export type RenderResult = Rendered | PromiseLike<Rendered>
/** A body, a body in pieces, or `NOT_DONE_YET` when the method writes the response through the request itself. */
export type Rendered = Body | AsyncIterable<Body> | NotDoneYet

/**
 * Sends what a `render` method returned. Rejects as the method or its pieces do.
 *
 * @throws {TypeError} for what is no result; `LocalProtocolError` for pieces when the response is finished.
 */
export function sendResult(request: Request, result: RenderResult): void | Promise<void> {
  if (typeof result !== 'string' && isThenable(result)) return sendLater(request, result)
  return sendRendered(request, result)
}

async function sendLater(request: Request, result: PromiseLike<Rendered>): Promise<void> {
  await sendRendered(request, await result)
}

function sendRendered(request: Request, rendered: Rendered): void | Promise<void> {
  if (typeof rendered === 'string' || rendered instanceof Uint8Array) return request.finish(rendered)
  if (rendered === NOT_DONE_YET) return undefined
  if (isAsyncIterable(rendered)) return sendPieces(request, rendered)
  if (request.outcome === 'aborted') return undefined
  // A method that has finished the response itself has nothing to return.
  if (request.outcome !== undefined && (rendered ?? undefined) === undefined) return undefined
  throw new TypeError(
    `Cannot send what render_${request.method} returned (${shownType(rendered)}): ${advice(rendered)}`,
  )
}

async function sendPieces(request: Request, pieces: AsyncIterable<Body>): Promise<void> {
  if (request.outcome !== undefined || !request.takesBody) {
    await letGo(pieces)
    if (request.outcome === undefined) return request.finishWithoutPieces()
    if (request.outcome === 'aborted') return
    throw new LocalProtocolError(
      'Cannot send the pieces that render returned: the response is finished, return NOT_DONE_YET',
    )
  }
  const iterator = iterate(pieces)
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
 * Ends a source of pieces that are wanted no more, also one that waits for its next piece: a stream is destroyed or
 * cancelled, of anything else the iteration is ended.
 */
async function letGo(
  pieces: AsyncIterable<Body>,
  iterator: AsyncIterator<Body> = iterate(pieces),
  reason?: unknown,
): Promise<void> {
  if (!('destroy' in pieces) || typeof pieces.destroy !== 'function') return void (await iterator.return?.())
  // The error of a stream that is not read, such as that of a file which cannot be opened, ends a process otherwise.
  if ('on' in pieces && typeof pieces.on === 'function') pieces.on('error', () => undefined)
  pieces.destroy(reason)
}

/** The iterator of a ReadableStream waits for the next piece before it cancels; that of its reader does not. */
function iterate(pieces: AsyncIterable<Body>): AsyncIterator<Body> {
  if (!(pieces instanceof ReadableStream)) return pieces[Symbol.asyncIterator]()
  const reader = (pieces as ReadableStream<Body>).getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Body>>,
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Body> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function advice(value: unknown): string {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return 'return a Uint8Array of its bytes'
  if (typeof value === 'object' && value !== null) {
    return 'return JSON.stringify of it, and set Content-Type to application/json'
  }
  return 'return a string, bytes, an async iterable or NOT_DONE_YET'
}

/** The class of `NOT_DONE_YET`, of which that is the only object. */
export class NotDoneYet {
  // Private, so that no other object has this type.
  readonly #name = 'NOT_DONE_YET'

  /** Made once, for `NOT_DONE_YET`. */
  constructor() {
    Object.freeze(this)
  }

  /** Its name. */
  toString(): string {
    return this.#name
  }
}

/** What `render` returns when the response is finished later, with `request.finish()`. */
export const NOT_DONE_YET: NotDoneYet = new NotDoneYet()

/** Whether a value is to be awaited: a promise of this language's or of a library's. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return mayHaveThen && 'then' in value && typeof value.then === 'function'
}

/** The kind of a value in words, for messages: `an array`, `a number`, `a Map`. */
export function shownType(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { constructor } = value
  const name: unknown = typeof constructor === 'function' ? constructor.name : ''
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}
