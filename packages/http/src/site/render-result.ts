import { LocalProtocolError } from '@ropewalk/core'
import { isThenable } from '@ropewalk/core/reactor'
import { iterate, release } from '../response/piece-source.ts'
import type { Request } from '../server/request.ts'
import { HTML } from './html.ts'
import { isWebResponse, sendWebResponse, type WebResponse } from './web-response.ts'

/** A whole body. */
export type Body = string | Uint8Array
/** What a `render` method may return, directly or as a promise. */
export type RenderResult = Rendered | PromiseLike<Rendered>
/**
 * A value that is sent as JSON: a plain object, an object with `toJSON`, an array, a number or a boolean. A
 * string is sent as it is.
 */
export type JSONBody = number | boolean | readonly unknown[] | JSONObject
/**
 * A body, `html` of a template, a body in pieces, a value that is sent as JSON, a `Response` of the web, or
 * `NOT_DONE_YET` when the method writes the response through the request itself.
 */
export type Rendered = Body | HTML | AsyncIterable<Body> | JSONBody | Response | NotDoneYet

/** An object that is not a promise, a function, a Map, or another collection. */
type JSONObject = object & {
  readonly then?: never
  readonly [Symbol.hasInstance]?: never
  readonly [Symbol.iterator]?: never
  readonly [Symbol.asyncIterator]?: never
}

/**
 * Sends what a `render` method returned. Rejects when the method's promise or its pieces reject.
 *
 * @throws {TypeError} when `result` is not a RenderResult. `LocalProtocolError` for pieces of a finished
 *   response.
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
  if (isJSONBody(rendered)) return sendJSON(request, rendered)
  if (isWebResponse(rendered)) return sendResponse(request, rendered)
  if (request.outcome === 'aborted') return undefined
  if (rendered instanceof HTML) return request.finish(rendered.toString())
  // A method that has finished the response itself may return undefined.
  if (request.outcome !== undefined && (rendered ?? undefined) === undefined) return undefined
  throw new TypeError(
    `Cannot send what render_${request.method} returned (${shownType(rendered)}): ${advice(rendered, request)}`,
  )
}

function sendJSON(request: Request, value: JSONBody): void {
  const text = textOfJSON(value)
  if (request.outcome === undefined && !request.started && !request.responseHeaders.hasHeader('content-type'))
    request.setHeader('Content-Type', 'application/json')
  request.finish(text)
}

/** @throws {TypeError} when the value has no JSON: a cycle, a BigInt, or a `toJSON` that returns undefined. */
export function textOfJSON(value: JSONBody): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined)
    throw new TypeError(`Cannot send ${shownType(value)} as JSON: its toJSON returned nothing`)
  return text
}

async function sendResponse(request: Request, response: WebResponse): Promise<void> {
  const { outcome } = request
  await sendWebResponse(request, response)
  if (outcome !== undefined && outcome !== 'aborted') throw finishedBefore('the Response')
}

async function sendPieces(request: Request, pieces: AsyncIterable<Body>): Promise<void> {
  if (request.outcome === undefined && !request.takesBody) {
    request.finishWithoutPieces()
    return release(pieces)
  }
  if (request.outcome !== undefined) {
    await release(pieces)
    if (request.outcome === 'aborted') return
    throw finishedBefore('the pieces')
  }
  const iterator = iterate(pieces)
  let released: Promise<void> | undefined
  void request.finished.then((outcome) => {
    if (outcome === 'aborted') released = release(pieces, iterator, request.signal.reason)
    // Its rejection is thrown below, once the loop has ended.
    released?.catch(() => undefined)
  })
  for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
    if (!request.write(piece) && !(await request.drained())) return released
  }
  request.finish()
  return released
}

function finishedBefore(what: string): LocalProtocolError {
  return new LocalProtocolError(
    `Cannot send ${what} that render returned: the response is finished, return NOT_DONE_YET`,
  )
}

function isAsyncIterable(value: unknown): value is AsyncIterable<Body> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Whether a value is sent as JSON. An instance of a class is, if it has a `toJSON`. */
export function isJSONBody(value: unknown): value is JSONBody {
  if (typeof value === 'number' || typeof value === 'boolean') return true
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null || Array.isArray(value)) return true
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

function advice(value: unknown, request: Request): string {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return 'return a Uint8Array of its bytes'
  if (typeof value === 'object' && value !== null)
    return 'return a plain object of its data, or give it a toJSON'
  if (value === undefined && request.responseHeaders.hasHeader('location'))
    return "return '' after request.redirect, or redirectTo(url, request) of @ropewalk/http/static"
  return 'return a string, bytes, an object for JSON, an async iterable or NOT_DONE_YET'
}

/** The class of `NOT_DONE_YET`, which is its only instance. */
export class NotDoneYet {
  // Private, so that no other object has this type.
  readonly #name = 'NOT_DONE_YET'

  /** Called once, for `NOT_DONE_YET`. */
  constructor() {
    Object.freeze(this)
  }

  /** Returns `NOT_DONE_YET`. */
  toString(): string {
    return this.#name
  }
}

/** What `render` returns when the response is finished later, with `request.finish()`. */
export const NOT_DONE_YET: NotDoneYet = new NotDoneYet()

/** Whether a function is a class, which cannot be called without `new`. */
export function isClass(value: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value))
}

/** Describes the kind of a value, for messages: `an array`, `a number`, `a Map`, `the class Chat`. */
export function shownType(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'function' && isClass(value)) return `the class ${value.name}`
  if (typeof value !== 'object') return `a ${typeof value}`
  const { constructor } = value
  const name: unknown = typeof constructor === 'function' ? constructor.name : ''
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}
