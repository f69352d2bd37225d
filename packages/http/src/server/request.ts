import { type ConnectionClosed, LocalProtocolError, type ProtocolEvents } from '@ropewalk/core'
import { callable, checkValue, count, type GivenOptions } from '@ropewalk/core/options'
import type { CookieOptions } from '../codec/cookie.ts'
import type { TrailerValue } from '../message/trailers.ts'
import { hasBody } from '../codec/framing.ts'
import type { RequestHead } from '../codec/request-head.ts'
import type { HTTPError, RemoteProtocolError } from '../errors.ts'
import { isFieldValue } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'
import { asciiURL } from '../message/request-target.ts'
import { tooLong } from '../body/body-pieces.ts'
import { CHANNEL_OPTION_RULES } from './channel-options.ts'
import { IncomingRequest, type RequestOrigin } from './incoming-request.ts'
import type { ContentCoding } from '../response/content-coding.ts'
import { eventStream, type EventStream, type EventStreamOptions } from '../response/event-stream.ts'
import { OutgoingResponse, type ResponseChannel } from '../response/outgoing-response.ts'
import { packFields, unpackFields } from './packed-head.ts'
import { RequestBody } from '../body/request-body.ts'
import { type EndListener, type Outcome, RequestEnding } from '../response/request-ending.ts'
import { isUpgradeTo, prepareUpgrade, type UpgradeOptions } from './upgrade.ts'
import {
  checkPreconditions,
  type Representation,
  setETag,
  setLastModified,
  type Time,
} from '../response/validators.ts'

/** The part of a channel that a request uses. */
export interface RequestChannel extends ResponseChannel, RequestOrigin {
  /** Is called when the most bytes that the request's body may have change, before it is read. */
  bodyLimited(request: Request, maxBytes: number): void
  /** Whether an unread body will be discarded to keep the connection. */
  willDiscard(head: RequestHead): boolean
  /** Is called when the request's body is read, and more of it is needed. */
  bodyWanted(request: Request): void
  /** Is called when the response must begin within `timeoutMs` from now. */
  responseTimeoutSet(request: Request, timeoutMs: number): void
  /** Is called when the response is complete. */
  requestDone(request: Request): void
  /** Passes the connection, with its unread bytes, to `next`. */
  switchProtocol(request: Request, next: ProtocolEvents): void
}

/**
 * One request, and the response to it.
 *
 * It is created as soon as its head has arrived. It is aborted when the client has gone or violates HTTP, or
 * when the channel responds because a deadline has passed. From then on `write` returns false, and no other
 * call changes the response: watch `signal`, or await `finished`.
 */
export class Request extends IncomingRequest {
  readonly #channel: RequestChannel
  /** Undefined after an upgrade, until it is looked at. */
  #endingMade: RequestEnding | undefined = new RequestEnding()
  /** After an upgrade, the packed fields of its 101, until it is looked at. */
  #outgoing: OutgoingResponse | string
  #body: RequestBody | undefined

  /** The channel calls this. */
  constructor(channel: RequestChannel, head: RequestHead) {
    super(channel, head)
    this.#channel = channel
    this.#outgoing = new OutgoingResponse(channel, head, this.#ending)
  }

  /** The request's body, read as it arrives. */
  get body(): RequestBody {
    this.#body ??= this.#makeBody()
    return this.#body
  }

  /** Whether the request has a body: in chunks, or of at least one byte. */
  get hasBody(): boolean {
    return hasBody(this.head.framing)
  }

  /**
   * The header fields that the client sent after the body. They resolve once the body has been read to its end.
   *
   * @throws as reading the body does (rejects).
   */
  get trailers(): Promise<Headers> {
    return this.body.trailers
  }

  /** The headers of the response. Once they were sent, a change has no effect and is logged. */
  get responseHeaders(): Headers {
    return this.#response.headers
  }

  /** The status code that was or will be sent. */
  get code(): number {
    return this.#response.code
  }

  /** Bytes of response body sent so far. */
  get sentLength(): number {
    return this.#response.sentBytes
  }

  /** Whether the response's head has been sent. */
  get started(): boolean {
    return this.#response.started
  }

  /** Whether the connection may carry another request after this one. */
  get persistent(): boolean {
    return this.#response.persistent
  }

  /** How the request ended; undefined while it has not. */
  get outcome(): Outcome | undefined {
    return this.#ending.outcome
  }

  /** Resolves with the outcome once the request has ended. Never rejects. */
  get finished(): Promise<Outcome> {
    return this.#ending.finished
  }

  /**
   * Aborted when the client leaves before the response is complete, when the channel responds instead of the
   * program, or when the response breaks off. The reason is ConnectionDone when the client has sent its FIN,
   * ConnectionLost or ConnectionAborted, the RemoteProtocolError of a client that violated HTTP, the HTTPError
   * of a deadline, or the LocalProtocolError of a response that broke off.
   *
   * After ConnectionDone a client may still read: a response is sent as long as it progresses within
   * `departureGraceMs`.
   */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /**
   * Replaces the channel's `maxBodyBytes` for this request, up or down, before its body is read. Reading more fails,
   * and the client is sent a 413.
   *
   * @param maxBytes Infinity for no limit.
   * @throws {HTTPError} 413 when the request states a longer body: let it pass, and the client is sent it.
   * @throws {LocalProtocolError} once the body is being read.
   * @throws {TypeError | RangeError} unless it is a number of bytes.
   */
  limitBody(maxBytes: number): void {
    checkValue('limitBody', 'maxBytes', maxBytes, CHANNEL_OPTION_RULES.maxBodyBytes)
    if (!this.hasBody || this.outcome !== undefined) return
    if (this.body.used)
      throw new LocalProtocolError('Cannot limit a body that is being read: limit it before')
    this.#channel.bodyLimited(this, maxBytes)
    if ((this.body.expectedBytes ?? 0) > maxBytes) throw tooLong(maxBytes)
  }

  /** The factory calls this to be notified of the end in the same turn. A program awaits `finished`. */
  whenEnded(listener: EndListener): void {
    this.#ending.whenEnded(listener)
  }

  /**
   * Adds a cookie to the response. It replaces one that was added for the same name, domain and path. Once the head
   * was sent this has no effect and is logged.
   *
   * @param value Visible ASCII without quotes, comma, semicolon and backslash: use `encodeURIComponent` for other text.
   * @throws {TypeError} when a client would refuse the cookie; also `__Host-` or `__Secure-` without what these
   *   prefixes promise, and `sameSite: 'none'` or `partitioned` without `secure`.
   * @throws {TypeError | RangeError} for an option that does not exist, has the wrong type or is out of range.
   */
  addCookie(name: string, value: string, options?: GivenOptions<CookieOptions>): void {
    this.setCookie(this.responseHeaders, name, value, options)
  }

  /**
   * Sets a response header, and replaces all values it had. Once the head was sent this has no effect and is
   * logged.
   *
   * @throws {TypeError} when the name is not a token, or the value is not a string that can be sent.
   */
  setHeader(name: string, value: string): void {
    this.responseHeaders.set(name, value)
  }

  /**
   * Sets the status. Once the head was sent this has no effect and is logged.
   *
   * @param message The reason phrase, if not the usual one.
   * @throws {TypeError | RangeError} unless `code` is an integer from 200 to 999.
   * @throws {RangeError} when the message has control characters, or characters above U+00FF.
   */
  setResponseCode(code: number, message?: string): void {
    checkValue('setResponseCode', 'code', code, STATUS)
    if (message !== undefined && !isFieldValue(message)) {
      throw new RangeError('Cannot send a reason phrase with control characters or characters above U+00FF')
    }
    this.#response.setCode(code, message)
  }

  /**
   * Calls `prepare` just before the head of the response is sent: the response of a resource, an error page
   * that replaces it, a refusal at a deadline, or a 101. It may set headers, and read `code`; an error page has
   * dropped the headers that were set before. It is called again if the response then becomes an error page. It
   * returns at once, and cannot write: `write`, `finish` and what else responds throw while it runs.
   *
   * The last one added is called first, so that a resource above another one decides. If one throws, the
   * response becomes a 500, or the connection is aborted. Has no effect once the head was sent.
   *
   * @throws {TypeError} when `prepare` is not a function.
   */
  beforeHead(prepare: () => void): void {
    checkValue('beforeHead', 'prepare', prepare, callable)
    this.#response.beforeHead(prepare)
  }

  /**
   * Sets the status to 302, or to `code`, and Location to `url`; the caller finishes the response.
   *
   * @param url Blanks and characters outside ASCII are percent-encoded.
   * @throws {TypeError | RangeError} when the URL has a control character; for `code`, as `setResponseCode`
   *   does.
   */
  redirect(url: string, code: number = 302): void {
    this.setResponseCode(code)
    this.setHeader('Location', typeof url === 'string' ? asciiURL(url) : url)
  }

  /**
   * Replaces the channel's `responseTimeoutMs` for this request, counted from now. Has no effect once the
   * response has begun.
   *
   * @param timeoutMs Milliseconds; Infinity for no deadline.
   * @throws {TypeError | RangeError} unless it is a number, 0 or more.
   */
  setResponseTimeout(timeoutMs: number): void {
    checkValue('setResponseTimeout', 'timeoutMs', timeoutMs, CHANNEL_OPTION_RULES.responseTimeoutMs)
    this.#channel.responseTimeoutSet(this, timeoutMs)
  }

  /**
   * Sends a piece of the body, and the head before the first piece. A string is sent as UTF-8. Without a
   * Content-Type, the type is `text/html; charset=utf-8` if the first piece is a string, otherwise
   * `application/octet-stream`.
   *
   * A piece that exceeds the Content-Length, or is neither a string nor bytes, ends the request: with a 500
   * if nothing was sent, otherwise by aborting the connection. That is logged, and so is a piece after
   * `finish`.
   *
   * @returns false when the client reads too slowly: await `drained()`. Also false once the request has
   *   ended.
   */
  write(data: Uint8Array | string): boolean {
    if (this.#ending.outcome !== undefined) return this.#response.write(data)
    if (!this.started) this.#beforeHead()
    const ready = this.#response.write(data)
    this.#afterwards()
    return ready
  }

  /** Resolves with true when more may be written, or with false once the request has ended. */
  async drained(): Promise<boolean> {
    return (await this.#response.drained()) && this.#ending.outcome === undefined
  }

  /**
   * Ends the response. Has no effect once the request has ended; a body that comes too late is logged.
   *
   * A body that does not match the Content-Length, or is neither a string nor bytes, becomes a 500 if nothing
   * of the response was sent; otherwise the connection is aborted. That is logged.
   *
   * @param body The whole body if nothing was written before, otherwise the last piece.
   */
  finish(body: Uint8Array | string = ''): void {
    if (this.#ending.outcome !== undefined) return this.#response.finish(body)
    if (!this.started) this.#beforeHead()
    this.#response.finish(body)
    this.#afterwards()
  }

  /** Whether the response can have a body: not in response to HEAD, and not with status 204, 205 or 304. */
  get takesBody(): boolean {
    return this.#response.takesBody
  }

  /**
   * Ends a response that cannot have a body (`takesBody`), without its pieces. That is logged, except for
   * HEAD.
   */
  finishWithoutPieces(): void {
    if (this.#ending.outcome !== undefined) return
    this.#beforeHead()
    this.#response.finishWithoutPieces()
    this.#afterwards()
  }

  /**
   * Ends a request that the program failed to process: sends an error page if nothing was sent yet,
   * otherwise aborts the connection, so that the response does not look complete.
   *
   * @param error An HTTPError or RemoteProtocolError sets the status; any other error is a 500.
   */
  processingFailed(error: unknown): void {
    if (this.#ending.outcome !== undefined) return
    this.#beforeHead()
    this.#response.processingFailed(error)
    this.#afterwards()
  }

  /**
   * Responds in place of the program, because the client violated HTTP or a deadline has passed: sends an
   * error page if nothing was sent yet, otherwise aborts the connection. The request is aborted, and reading
   * its body fails.
   */
  refuse(error: HTTPError | RemoteProtocolError): void {
    this.#body?.failed(error)
    this.#response.refuse(error)
  }

  /** Ends the connection after this response, which announces that. Has no effect once the head was sent. */
  endConnection(): void {
    this.#response.endConnection()
  }

  /**
   * Whether the client asks for another protocol in a way that `upgrade` accepts: in HTTP/1.1, with Upgrade
   * and Connection, and without a body. If not, a resource responds as to any other request.
   *
   * @param protocol A token such as `websocket`, compared without regard to case.
   * @see RFC 9110 §7.8
   */
  asksToUpgrade(protocol: string): boolean {
    return !this.hasBody && isUpgradeTo(protocol, this)
  }

  /**
   * Sends 101 and passes the connection, with every byte received after the request, to `next`.
   *
   * Earlier responses on the connection have been sent by then.
   *
   * A client that did not ask for the upgrade (see `asksToUpgrade`) is sent a 426, or a 400 if its request
   * has a body. This does not throw, because a client must not be able to cause an exception in a timer of
   * the program.
   *
   * @returns false when the client has gone or was refused.
   * @throws {LocalProtocolError} once a response has begun.
   * @throws {TypeError} when `next` is not a protocol, or a header cannot be sent.
   * @see RFC 9110 §7.8
   */
  upgrade(next: ProtocolEvents, options: UpgradeOptions): boolean {
    if (!prepareUpgrade(this, next, options, this.#channel.transport)) return false
    this.#response.upgrade()
    this.#channel.switchProtocol(this, next)
    // The next protocol may keep the request for as long as its connection.
    this.#outgoing = packFields(this.#response.headers)
    if (!this.#ending.observed) this.#endingMade = undefined
    this.packHead()
    return true
  }

  /** Is called when the client has sent its FIN. It may still read. */
  clientLeft(reason: ConnectionClosed): void {
    this.#ending.clientLeft(reason)
  }

  /** Is called when the connection is lost. */
  connectionLost(reason: ConnectionClosed): void {
    this.#body?.failed(reason)
    this.#ending.aborted(reason)
  }

  get #ending(): RequestEnding {
    return (this.#endingMade ??= RequestEnding.upgraded())
  }

  get #response(): OutgoingResponse {
    if (typeof this.#outgoing === 'string') {
      const fields = unpackFields(this.#outgoing)
      this.#outgoing = new OutgoingResponse(this.#channel, this.head, this.#ending).restoreUpgraded(fields)
    }
    return this.#outgoing
  }

  #makeBody(): RequestBody {
    const { framing } = this.head
    const body = new RequestBody(
      {
        bodyWanted: () => this.#channel.bodyWanted(this),
        expectedBytes: framing.kind === 'chunked' ? undefined : framing.kind === 'length' ? framing.bytes : 0,
      },
      this,
    )
    if (!this.hasBody) body.completed()
    else if (this.outcome === 'aborted' && this.#ending.reason !== undefined) body.failed(this.#ending.reason)
    return body
  }

  /** A body that is neither read nor discarded ends the connection, and the head must announce that. */
  #beforeHead(): void {
    const unread = this.hasBody && !this.body.used && !this.body.complete
    if (unread && !this.#channel.willDiscard(this.head)) this.endConnection()
  }

  #afterwards(): void {
    if (this.#ending.outcome === 'complete') this.#channel.requestDone(this)
  }

  /**
   * Sets ETag: `v1` is sent as `"v1"`. A client that has this version, or requires another, is sent 304 or 412.
   *
   * @returns whether the response was sent: return NOT_DONE_YET then.
   */
  setETag(tag: string): boolean {
    return setETag(this, tag)
  }

  /** Sets Last-Modified, and responds as `setETag` does. The latest time counts. */
  setLastModified(when: Time): boolean {
    return setLastModified(this, when)
  }

  /**
   * Checks the client's conditions before the method is performed (RFC 9110 §13.2.2).
   *
   * @returns `done` when a 304 or 412 was sent.
   */
  checkPreconditions(current?: Representation): 'proceed' | 'done' {
    return checkPreconditions(this, current)
  }

  /** Codes the body for a client that accepts it, however it is written, unless the head was sent. */
  encodeWith(coding: ContentCoding): void {
    this.#response.encode(coding, () => this.#afterwards())
  }

  /** Sends a 103 with links such as `</style.css>; rel=preload` (RFC 8297). Returns false when it is not sent. */
  writeEarlyHints(links: string | readonly string[]): boolean {
    return this.#response.writeEarlyHints(typeof links === 'string' ? [links] : links)
  }

  /** Sets a field that is sent after the body; name it before the first write. Returns whether the client reads it. */
  setTrailer(name: string, value: TrailerValue): boolean {
    return this.#response.setTrailer(name, value)
  }

  /** Begins a response of events; return NOT_DONE_YET then. */
  eventStream(options?: GivenOptions<EventStreamOptions>): EventStream {
    return eventStream(this, options)
  }

  /** Bytes of the response that the operating system has not accepted yet. */
  get waitingBytes(): number {
    return this.#response.waitingBytes
  }

  /** Sets what is called when the reactor stops while the response is being sent, so that it is finished soon. */
  whenEnding(call: () => void): void {
    this.#response.whenEnding(call)
  }
}

const STATUS = count({ least: 200, most: 999 })
