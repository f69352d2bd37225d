import { LocalProtocolError, type Transport } from '@ropewalk/core'
import { HTTPError, RemoteProtocolError, statusOf } from '../errors.ts'
import { Headers, type SentHeaders } from '../message/headers.ts'
import { htmlError, type RenderedError } from './error-response.ts'
import type { RequestEnding } from './request-ending.ts'
import { type RequestLine, type ResponseHead, ResponseStream } from './response-stream.ts'

/** The part of a channel that a response uses. */
export interface ResponseChannel {
  readonly transport: Transport
  /** Returns the current line of the Date field, CRLF included. */
  dateLine(): string
  /** Makes the page for an error. */
  renderError(error: unknown): RenderedError
  /** Logs why a response differs from what the program wrote. */
  logMistake(request: RequestSummary, mistake: Mistake): void
}

/** The facts about a request that its response needs. */
export interface RequestSummary extends RequestLine {
  readonly path: string
  readonly persistent: boolean
}

/** Why a response differs from what the program wrote. */
export interface Mistake {
  /** What could not be done, and what to do instead. Its stack shows the call. */
  readonly error: Error
  /** What the client receives: a response without a part, an error page, or an aborted connection. */
  readonly effect: 'incomplete' | 'replaced' | 'aborted'
}

/**
 * The response to one request, as the program writes it: status, headers, body.
 *
 * The program's mistakes follow one rule. A value that can never be sent throws where it is set. A call that
 * comes too late has no effect. A response that cannot be sent as written becomes a 500 if nothing was sent,
 * and otherwise the connection is aborted. Each kind is logged once; nothing is logged for an aborted
 * request.
 */
export class OutgoingResponse implements SentHeaders {
  readonly headers: Headers = new Headers()
  readonly #channel: ResponseChannel
  readonly #request: RequestSummary
  readonly #ending: RequestEnding
  readonly #stream: ResponseStream
  #code = 200
  #reason: string | undefined
  #failed = false
  #logged: Set<Kind> | undefined
  #beforeHead: Set<() => void> | undefined
  #preparing = false

  constructor(channel: ResponseChannel, request: RequestSummary, ending: RequestEnding) {
    this.#channel = channel
    this.#request = request
    this.#ending = ending
    this.#stream = new ResponseStream(channel.transport, request, request.persistent)
  }

  /** The status code that was or will be sent. */
  get code(): number {
    return this.#code
  }

  /** Whether the head has been sent. */
  get started(): boolean {
    return this.#stream.started
  }

  /** Whether the connection may carry another request after this response. */
  get persistent(): boolean {
    return this.#stream.persistent
  }

  /** Bytes of body sent. */
  get sentBytes(): number {
    return this.#stream.sentBytes
  }

  /** Ends the connection after this response. Has no effect once the head was sent. */
  endConnection(): void {
    this.#stream.endConnection()
  }

  /** @param reason The reason phrase, if not the registered one; the caller has checked both. */
  setCode(code: number, reason: string | undefined): void {
    if (this.started) return this.#headTooLate(`status ${code}`)
    this.#code = code
    this.#reason = reason
  }

  /** Calls `prepare` before each head is made: of the response, and of the error page that replaces it. */
  beforeHead(prepare: () => void): void {
    this.#beforeHead ??= new Set()
    this.#beforeHead.add(prepare)
  }

  changedTooLate(name: string | undefined): void {
    this.#headTooLate(name === undefined ? 'the headers' : `header ${name}`)
  }

  /**
   * Sends a piece of the body, and the head before the first piece. Ends the request if a piece cannot be
   * sent.
   *
   * @returns what the transport's `write` returns; false once the request has ended.
   */
  write(piece: Uint8Array | string): boolean {
    if (this.#ending.outcome !== undefined) return this.#bodyTooLate(piece)
    try {
      requireBody(piece)
      if (!this.started) {
        this.#stream.begin(this.#head(piece), piece)
        this.#headSent()
      }
      if (piece.length > 0) this.#bodyDropped()
      return this.#stream.write(piece)
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  /** Sends the last piece of the body, which may be all of it, and ends the request. */
  finish(body: Uint8Array | string): void {
    if (this.#ending.outcome !== undefined) return void this.#bodyTooLate(body)
    try {
      requireBody(body)
      if (this.started) {
        if (body.length > 0) {
          this.#bodyDropped()
          this.#stream.write(body)
        }
        this.#stream.finish()
      } else {
        this.#stream.whole(this.#head(body), body)
        this.#headSent()
        if (body.length > 0) this.#bodyDropped()
      }
      this.#ending.completed('complete')
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Whether the request's method and the status allow a body. */
  get takesBody(): boolean {
    return this.#request.method !== 'HEAD' && !isBodiless(this.#code)
  }

  /** Ends the request without the pieces of body that the program made, because there cannot be a body. */
  finishWithoutPieces(): void {
    try {
      if (!this.started) {
        this.#stream.begin(this.#head(''))
        this.#headSent()
      }
      this.#bodyDropped()
      this.#stream.finish()
      this.#ending.completed('complete')
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Ends the request with an error page; aborts the connection if the response has begun. */
  processingFailed(error: unknown): void {
    if (this.#ending.outcome !== undefined) return
    if (this.started) return this.#abort(error)
    this.#sendErrorPage(error)
    this.#ending.completed('complete')
  }

  /**
   * Aborts the request, with an error page of the channel; aborts the connection if the response has begun.
   */
  refuse(error: HTTPError | RemoteProtocolError): void {
    if (this.#ending.outcome !== undefined) return
    this.endConnection()
    if (this.started) this.#channel.transport.abortConnection(error)
    else this.#sendErrorPage(error)
    this.#ending.aborted(error)
  }

  /** Sends the head of a 101 response, and ends the request. */
  upgrade(): void {
    this.#code = 101
    this.#stream.upgrade(this.#head(''))
    this.headers.seal(this)
    this.#ending.completed('upgraded')
  }

  /**
   * @param body The first piece of the body: its type decides the default Content-Type. An empty one has
   *   none.
   * @param page The error page, if it is one, for its type and its lines.
   */
  #head(body: Uint8Array | string, page?: RenderedError): ResponseHead {
    if (this.#beforeHead !== undefined) this.#prepareHead(this.#beforeHead)
    const { headers } = this
    const date = headers.hasHeader('date') ? '' : this.#channel.dateLine()
    const typed = body.length === 0 || isBodiless(this.#code) || headers.hasHeader('content-type')
    const type = page?.typeLine ?? (typeof body === 'string' ? TEXT_TYPE : BYTES_TYPE)
    const lines = (typed ? date : type + date) + (page?.lines ?? '')
    return { code: this.#code, reason: this.#reason, headers, lines }
  }

  /**
   * Calls the last one first, so that the outermost resource decides. One that throws is not called again: the
   * response becomes an error page, which the others prepare.
   */
  #prepareHead(beforeHead: Set<() => void>): void {
    if (this.#preparing) throw new LocalProtocolError('Cannot write in beforeHead: it may only set headers')
    const failures: unknown[] = []
    this.#preparing = true
    for (const prepare of [...beforeHead].toReversed()) {
      try {
        prepare()
      } catch (error) {
        beforeHead.delete(prepare)
        failures.push(error)
      }
    }
    this.#preparing = false
    if (failures.length > 0) throw failures[0]
  }

  #headSent(): void {
    this.headers.seal(this)
    const { dropped } = this.#stream
    if (dropped !== undefined) this.#log('dropped', 'incomplete', new LocalProtocolError(dropped))
  }

  #bodyDropped(): void {
    if (!isBodiless(this.#code) || this.#request.method === 'HEAD') return
    const advice = 'finish without one, or set another status'
    const error = new LocalProtocolError(`Cannot send a body with status ${this.#code}: ${advice}`)
    this.#log('dropped', 'incomplete', error)
  }

  #headTooLate(what: string): void {
    const advice = 'set status and headers before the first write'
    const error = new LocalProtocolError(`Cannot set ${what}: the head was sent, ${advice}`)
    this.#log('head', 'incomplete', error)
  }

  #bodyTooLate(piece: Uint8Array | string): false {
    if (isBody(piece) && piece.length === 0) return false
    const advice = 'call finish once, with the last piece or after it, and return NOT_DONE_YET'
    const error = new LocalProtocolError(`Cannot send a body: the response is finished, ${advice}`)
    this.#log('body', 'incomplete', error)
    return false
  }

  /** Ends a request whose response cannot be sent as written. */
  #fail(error: unknown): void {
    const fault = asError(error)
    if (this.started) {
      this.#log('failed', 'aborted', fault)
      this.#abort(fault)
    } else {
      this.#log('failed', 'replaced', fault)
      this.#sendErrorPage(fault)
      this.#ending.completed('complete')
    }
    this.#failed = true
  }

  #abort(error: unknown): void {
    this.#ending.aborted(
      new LocalProtocolError('Cannot complete the response: the connection was aborted', { cause: error }),
    )
    this.#channel.transport.abortConnection(error)
  }

  #sendErrorPage(error: unknown): void {
    if (error instanceof RemoteProtocolError) this.endConnection()
    try {
      this.#sendPage(error, error instanceof HTTPError ? error.headers : NO_HEADERS)
    } catch (fault) {
      this.#log('failed', this.started ? 'aborted' : 'replaced', asError(fault))
      this.#sendFallback(fault)
    }
  }

  /** Sends a 500, without what `beforeHead` and the program's error page do if that cannot be sent. */
  #sendFallback(error: unknown): void {
    try {
      if (!this.started) this.#sendPage(error, NO_HEADERS)
      else if (this.#ending.outcome === undefined) this.#abort(error)
    } catch (fault) {
      if (this.started) return this.#abort(fault)
      this.#beforeHead = undefined
      this.#clearHead(500)
      this.#sendRendered(htmlError(500))
    }
  }

  #sendPage(error: unknown, headers: HTTPError['headers']): void {
    this.#clearHead(statusOf(error))
    if (headers.length > 0) {
      for (const [name, value] of headers) this.headers.addRawHeader(name, value)
      this.headers.removeHeader('content-type')
    }
    const page = this.#channel.renderError(error)
    if (this.started) throw new LocalProtocolError(PAGE_WRITTEN)
    this.#sendRendered(page)
  }

  #clearHead(code: number): void {
    this.#code = code
    this.#reason = undefined
    this.headers.clear()
  }

  #sendRendered(page: RenderedError): void {
    this.#stream.whole(this.#head(page.body, page), page.body)
    this.headers.seal(this)
  }

  #log(kind: Kind, effect: Mistake['effect'], error: Error): void {
    if (this.#failed || this.#ending.outcome === 'aborted' || this.#logged?.has(kind)) return
    this.#logged ??= new Set()
    this.#logged.add(kind)
    this.#channel.logMistake(this.#request, { error, effect })
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** @throws {TypeError} when `value` is not a body: a caller may not check types. */
function requireBody(value: unknown): void {
  if (isBody(value)) return
  const type = value === null ? 'null' : typeof value
  throw new TypeError(`Cannot send a body of type ${type}: give a string or a Uint8Array`)
}

function isBody(value: unknown): value is Uint8Array | string {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** RFC 9110 §6.4.1, §15.3.6: whether responses with this status have no content. */
function isBodiless(code: number): boolean {
  return code === 204 || code === 205 || code === 304
}

/**
 * The kinds of mistakes: a head or a body that is too late, a part that is dropped, a response that cannot be
 * sent.
 */
type Kind = 'head' | 'body' | 'dropped' | 'failed'

const NO_HEADERS: HTTPError['headers'] = []
const PAGE_WRITTEN = 'Cannot send an error page: errorPage has written a response, return the page instead'
const TEXT_TYPE = 'Content-Type: text/html; charset=utf-8\r\n'
const BYTES_TYPE = 'Content-Type: application/octet-stream\r\n'
