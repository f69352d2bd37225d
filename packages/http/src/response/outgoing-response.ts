import { LocalProtocolError, type Transport } from '@ropewalk/core'
import { callSafely } from '@ropewalk/core/reactor'
import { HTTPError, RemoteProtocolError, statusOf } from '../errors.ts'
import { Headers, type SentHeaders } from '../message/headers.ts'
import { acceptsTrailers, Trailers, type TrailerValue } from '../message/trailers.ts'
import type { ContentCoding } from './content-coding.ts'
import { earlyHints } from './early-hints.ts'
import { asError, HTML_TYPE, htmlError, pageWritten, type RenderedError } from './error-response.ts'
import { HeadPreparation } from './head-preparation.ts'
import type { RequestEnding } from './request-ending.ts'
import { type BeginningResponse, ResponseCoding } from './response-coding.ts'
import { type Mistake, ResponseMistakes } from './response-mistakes.ts'
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

/** The request of a response. */
export interface RespondedRequest extends RequestSummary {
  /** Its header fields: name, value, name, value, … */
  readonly fields: string[]
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
  readonly #request: RespondedRequest
  readonly #ending: RequestEnding
  readonly #stream: ResponseStream
  #code = 200
  #reason: string | undefined
  #coding: ResponseCoding | undefined
  #trailers: Trailers | undefined
  #end: (() => void) | undefined
  #mistakesMade: ResponseMistakes | undefined
  #beforeHead: HeadPreparation | undefined
  /** The error page is being made: it cannot fail the request that it is for. */
  #makingPage = false

  constructor(channel: ResponseChannel, request: RespondedRequest, ending: RequestEnding) {
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

  /**
   * Ends the connection after this response. Once the head was sent, this has no effect but to call the function of
   * `whenEnding`.
   */
  endConnection(): void {
    if (this.started) this.#end?.()
    else this.#stream.endConnection()
  }

  /** Sets what is called when the response is to end soon, because the reactor stops. */
  whenEnding(call: () => void): void {
    this.#end = call
  }

  /** Bytes of the response that were written and not yet sent. */
  get waitingBytes(): number {
    return this.#channel.transport.bufferedBytes + (this.#coding?.body?.heldBytes ?? 0)
  }

  /** Whether the program has finished it: a coded body is sent later. */
  get complete(): boolean {
    return this.#ending.outcome !== undefined || this.#coding?.body?.complete === true
  }

  /**
   * Codes the body for a client that accepts the coding, in whichever way it is written. Has no effect once the
   * head was sent.
   *
   * @param completed Is called when a coded body was sent after the call of `finish`.
   */
  encode(coding: ContentCoding, completed: () => void): void {
    if (this.started) return
    const { transport } = this.#channel
    const request = { method: this.#request.method, requestHeaders: this.#requestHeaders }
    this.#coding = new ResponseCoding(coding, request, {
      write: (piece) => this.#stream.write(piece),
      drained: () => transport.drained(),
      finish: () => {
        this.#endStream()
        void callSafely(completed, (error) => transport.failConnection(error))
      },
      failed: (error) => this.#fail(error),
    })
  }

  /**
   * Sends a 103 with links, before the head.
   *
   * @returns false when it cannot be sent: HTTP/1.0 has none, and it is too late once the head was sent.
   * @throws {TypeError} when a link cannot be sent.
   */
  writeEarlyHints(links: readonly string[]): boolean {
    const hints = earlyHints(links)
    if (this.#ending.outcome !== undefined) return false
    if (this.started) return this.#tooLate('early hints')
    if (this.#request.version === '1.0' || links.length === 0) return false
    this.#channel.transport.write(hints)
    return true
  }

  /**
   * Sets a field that is sent after the body.
   *
   * @returns whether the client reads it. If not, it is left out.
   * @throws {TypeError} when the field cannot be a trailer, or cannot be sent.
   */
  setTrailer(name: string, value: TrailerValue): boolean {
    const trailers = this.#trailers ?? new Trailers()
    const declared = trailers.has(name)
    trailers.set(name, value)
    if (this.complete) return false
    if (this.#request.version === '1.0' || !acceptsTrailers(this.#requestHeaders)) return false
    if (this.started && !declared) return this.#tooLate(`trailer ${name}`)
    this.#trailers = trailers
    return true
  }

  /** @param reason The reason phrase, if not the registered one; the caller has checked both. */
  setCode(code: number, reason: string | undefined): void {
    if (this.started) return this.#mistakes.headTooLate(`status ${code}`)
    this.#code = code
    this.#reason = reason
  }

  /** Calls `prepare` before each head is made: of the response, and of the error page that replaces it. */
  beforeHead(prepare: () => void): void {
    this.#beforeHead ??= new HeadPreparation((error) => this.#channel.transport.failConnection(error))
    this.#beforeHead.add(prepare)
  }

  changedTooLate(name: string | undefined): void {
    this.#mistakes.headTooLate(name === undefined ? 'the headers' : `header ${name}`)
  }

  /**
   * Sends a piece of the body, and the head before the first piece. Ends the request if a piece cannot be
   * sent.
   *
   * @returns what the transport's `write` returns; false once the request has ended.
   */
  write(piece: Uint8Array | string): boolean {
    this.#beforeHead?.requireIdle()
    if (this.complete) return this.#bodyTooLate(piece)
    try {
      requireBody(piece)
      if (!this.started) this.#begin(piece)
      if (piece.length > 0) this.#bodyDropped()
      return this.#send(piece)
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  /** Resolves with true when more may be written, or with false once it cannot be sent. */
  drained(): Promise<boolean> {
    return this.#coding?.body?.drained() ?? this.#channel.transport.drained()
  }

  /** Sends the last piece of the body, which may be all of it, and ends the request. */
  finish(body: Uint8Array | string): void {
    this.#beforeHead?.requireIdle()
    if (this.complete) return void this.#bodyTooLate(body)
    try {
      requireBody(body)
      if (!this.started && this.#finishedAtOnce(body)) return
      if (body.length > 0) {
        this.#bodyDropped()
        this.#send(body)
      }
      const coded = this.#coding?.body
      if (coded === undefined) this.#endStream()
      else coded.end()
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
    this.#beforeHead?.requireIdle()
    try {
      if (!this.started) this.#begin('')
      this.#bodyDropped()
      this.#endStream()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Ends the request with an error page; aborts the connection if the response has begun. */
  processingFailed(error: unknown): void {
    this.#beforeHead?.requireIdle()
    if (this.#makingPage) throw pageWritten()
    if (this.complete) return
    if (this.started) return this.#abort(error)
    this.#sendErrorPage(error)
    this.#ending.completed('complete')
  }

  /**
   * Aborts the request, with an error page of the channel; aborts the connection if the response has begun.
   */
  refuse(error: HTTPError | RemoteProtocolError): void {
    this.#beforeHead?.requireIdle()
    if (this.#ending.outcome !== undefined) return
    this.#stream.endConnection()
    if (this.started) this.#channel.transport.abortConnection(error)
    else this.#sendErrorPage(error)
    this.#ending.aborted(error)
  }

  /** Sends the head of a 101 response, and ends the request. */
  upgrade(): void {
    this.#beforeHead?.requireIdle()
    this.#code = 101
    this.#beforeHead?.run()
    this.#stream.upgrade(this.#head(''))
    this.headers.seal(this)
    this.#ending.completed('upgraded')
  }

  /** Makes this a response that was upgraded: `fields` are those of its 101. */
  restoreUpgraded(fields: Iterable<readonly [string, string]>): this {
    for (const [name, value] of fields) this.headers.addRawHeader(name, value)
    this.headers.seal(this)
    this.#code = 101
    this.#stream.upgraded()
    return this
  }

  /** Sends the head, before the first piece of the body. */
  #begin(piece: Uint8Array | string): void {
    this.#beforeHead?.run()
    this.#beginPrepared(piece)
  }

  /** The coding is chosen by the headers as they are sent, and changes them. */
  #beginPrepared(piece: Uint8Array | string): void {
    if (this.#coding !== undefined) this.#beginCoding(this.#coding, piece)
    this.#stream.begin(this.#head(piece), piece)
    this.#headSent()
  }

  #beginCoding(coding: ResponseCoding, piece: Uint8Array | string): void {
    coding.begin(this.#beginning(piece), piece)
    const { body } = coding
    // Also when the client leaves.
    if (body !== undefined) void this.#ending.finished.then(() => body.release())
  }

  /** Sends the whole response at once if it can be sent so, otherwise only its head. */
  #finishedAtOnce(body: Uint8Array | string): boolean {
    this.#beforeHead?.run()
    const sent = this.#trailers === undefined ? this.#wholeBody(body) : undefined
    if (sent === undefined) {
      this.#beginPrepared(body)
      return false
    }
    this.#stream.whole(this.#head(body), sent)
    this.#headSent()
    if (body.length > 0) this.#bodyDropped()
    this.#ending.completed('complete')
    return true
  }

  /** Returns the body as it is sent at once; undefined when it must be sent in pieces. */
  #wholeBody(body: Uint8Array | string): Uint8Array | string | undefined {
    return this.#coding === undefined ? body : this.#coding.whole(this.#beginning(body), body)
  }

  #send(piece: Uint8Array | string): boolean {
    const coded = this.#coding?.body
    return coded === undefined ? this.#stream.write(piece) : coded.write(piece)
  }

  #endStream(): void {
    try {
      const trailers = this.#trailers
      this.#stream.finish(trailers === undefined ? undefined : () => trailers.fields())
      this.#ending.completed('complete')
    } catch (error) {
      this.#fail(error)
    }
  }

  get #requestHeaders(): Headers {
    return Headers.fromFields(this.#request.fields)
  }

  #beginning(body: Uint8Array | string): BeginningResponse {
    const { headers } = this
    return { code: this.#code, headers, trailers: this.#trailers, defaultType: defaultType(body) }
  }

  /**
   * @param body The first piece of the body: its type decides the default Content-Type. An empty one has
   *   none.
   * @param page The error page, if it is one, for its type and its lines.
   */
  #head(body: Uint8Array | string, page?: RenderedError): ResponseHead {
    const { headers } = this
    const typed = body.length === 0 || isBodiless(this.#code) || headers.hasHeader('Content-Type')
    const type = page?.typeLine ?? (typeof body === 'string' ? HTML_TYPE : BYTES_TYPE_LINE)
    return {
      code: this.#code,
      reason: this.#reason,
      headers,
      typeLine: typed ? '' : type,
      dateLine: headers.hasHeader('date') ? '' : this.#channel.dateLine(),
      pageLines: page?.lines ?? '',
      trailers: this.#trailers?.names,
    }
  }

  #headSent(): void {
    this.headers.seal(this)
    const { dropped } = this.#stream
    if (dropped !== undefined) this.#mistakes.partDropped(dropped)
  }

  #bodyDropped(): void {
    if (!isBodiless(this.#code) || this.#request.method === 'HEAD') return
    this.#mistakes.bodyDropped(this.#code)
  }

  #tooLate(what: string): false {
    this.#mistakes.headTooLate(what)
    return false
  }

  #bodyTooLate(piece: Uint8Array | string): false {
    if (isBody(piece) && piece.length === 0) return false
    this.#mistakes.bodyTooLate()
    return false
  }

  /** Ends a request whose response cannot be sent as written. */
  #fail(error: unknown): void {
    const fault = asError(error)
    if (this.started) {
      this.#mistakes.failed('aborted', fault)
      this.#abort(fault)
    } else {
      this.#mistakes.failed('replaced', fault)
      this.#sendErrorPage(fault)
      this.#ending.completed('complete')
    }
    this.#mistakes.close()
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
      this.#sendPage(error, error instanceof HTTPError ? error.headers : [])
    } catch (fault) {
      this.#mistakes.failed(this.started ? 'aborted' : 'replaced', asError(fault))
      this.#sendFallback(fault)
    }
  }

  /** Sends a 500, without what `beforeHead` and the program's error page do if that cannot be sent. */
  #sendFallback(error: unknown): void {
    try {
      if (!this.started) this.#sendPage(error, [])
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
    const page = this.#pageFor(error)
    if (this.started) throw pageWritten()
    this.#sendRendered(page)
  }

  #pageFor(error: unknown): RenderedError {
    this.#makingPage = true
    try {
      return this.#channel.renderError(error)
    } finally {
      this.#makingPage = false
    }
  }

  #clearHead(code: number): void {
    this.#code = code
    this.#reason = undefined
    this.headers.clear()
  }

  #sendRendered(page: RenderedError): void {
    this.#beforeHead?.run()
    this.#stream.whole(this.#head(page.body, page), page.body)
    this.headers.seal(this)
  }

  /** Made when it is needed first: few responses have one. */
  get #mistakes(): ResponseMistakes {
    this.#mistakesMade ??= new ResponseMistakes(this.#ending, (mistake) =>
      this.#channel.logMistake(this.#request, mistake),
    )
    return this.#mistakesMade
  }
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

/** The type of a body whose first piece is this one, if the program sets no other; '' when it is not known. */
function defaultType(piece: Uint8Array | string): string {
  if (piece.length === 0) return ''
  return typeof piece === 'string' ? TEXT_TYPE : BYTES_TYPE
}

/** RFC 9110 §6.4.1, §15.3.6: whether responses with this status have no content. */
function isBodiless(code: number): boolean {
  return code === 204 || code === 205 || code === 304
}

const TEXT_TYPE = 'text/html; charset=utf-8'
const BYTES_TYPE = 'application/octet-stream'
const BYTES_TYPE_LINE = `Content-Type: ${BYTES_TYPE}\r\n`
