import {
  type Address,
  type ConnectionClosed,
  LocalProtocolError,
  type ProtocolEvents,
  type Reactor,
  type Transport,
} from '@ropewalk/core'
import { checkValue } from '@ropewalk/core/options'
import { HTTPError, RemoteProtocolError } from '../errors.ts'
import { Headers } from '../message/headers.ts'
import type { RequestHead } from '../wire/request-head.ts'
import { CHANNEL_OPTION_RULES } from './channel-options.ts'
import { errorBody } from './error-body.ts'
import { RequestBody } from './request-body.ts'
import { type Outcome, RequestEnding } from './request-ending.ts'
import { type ResponseHead, ResponseStream } from './response-stream.ts'

/** What a request asks of the channel that read it. */
export interface RequestChannel {
  readonly transport: Transport
  /** The Date field's line now. */
  dateLine(): string
  /** Whether a body that nobody reads will be read and dropped to keep the connection. */
  willDiscard(head: RequestHead): boolean
  /** The request's body is wanted. */
  bodyWanted(request: Request): void
  /** The response must begin within `timeoutMs` from now. */
  responseTimeoutSet(request: Request, timeoutMs: number): void
  /** The response is complete. */
  requestDone(request: Request): void
  /** Gives the connection to `next`, with the bytes that were not read. */
  switchProtocol(request: Request, next: ProtocolEvents): void
}

/** What goes into a 101 answer. */
export interface UpgradeOptions {
  /** The value of the answer's Upgrade header, such as `websocket`. */
  readonly protocol: string
  /** More headers for the answer. */
  readonly headers?: Iterable<readonly [string, string]>
}

/**
 * One request, and the response to it.
 *
 * It is given out as soon as its head has arrived. Once it is aborted, because the client has gone, broke
 * the rules of HTTP or was answered by the channel at a deadline, `write` returns false and everything
 * else that would change the response has no effect: watch `signal`, or await `finished`.
 */
export class Request {
  readonly method: string
  /** The request target as it was sent. */
  readonly uri: string
  /** The target's path, still percent-encoded; `*` for `OPTIONS *`. */
  readonly path: string
  /** `HTTP/1.0` or `HTTP/1.1`. */
  readonly clientproto: string
  readonly requestHeaders: Headers
  readonly responseHeaders: Headers = new Headers()
  /** Decoded path segments that led to the resource. */
  prepath: string[] = []
  /** Decoded path segments behind the resource. */
  postpath: string[] = []
  readonly #channel: RequestChannel
  readonly #head: RequestHead
  readonly #query: string
  readonly #response: ResponseStream
  #code = 200
  #reason: string | undefined
  readonly #ending = new RequestEnding()
  #args: URLSearchParams | undefined
  #body: RequestBody | undefined

  /** Made by the channel. */
  constructor(channel: RequestChannel, head: RequestHead) {
    this.#channel = channel
    this.#head = head
    this.method = head.method
    this.uri = head.target
    this.path = head.path
    this.#query = head.query
    this.clientproto = `HTTP/${head.version}`
    this.requestHeaders = Headers.fromFields(head.fields)
    this.#response = new ResponseStream(channel.transport, head, head.persistent)
  }

  /** What the client sends behind the head, read as it arrives. */
  get body(): RequestBody {
    this.#body ??= this.#makeBody()
    return this.#body
  }

  /** Whether the client sends anything behind the head. */
  get hasBody(): boolean {
    const { framing } = this.#head
    return framing.kind === 'chunked' || (framing.kind === 'length' && framing.bytes > 0)
  }

  /** The query's parameters. */
  get args(): URLSearchParams {
    this.#args ??= new URLSearchParams(this.#query)
    return this.#args
  }

  /** The reactor: take time and timers from it. */
  get reactor(): Reactor {
    return this.#channel.transport.reactor
  }

  /** The status code that was or will be sent. */
  get code(): number {
    return this.#code
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

  /** Settles once the request has ended, with how. Never rejects. */
  get finished(): Promise<Outcome> {
    return this.#ending.finished
  }

  /**
   * Aborted when the client leaves, or is answered by the channel, before the response is complete. The
   * reason is why: ConnectionDone when the client has sent its end (FIN), ConnectionLost, the
   * RemoteProtocolError of a client that broke the rules, or the HTTPError of a deadline.
   *
   * After ConnectionDone a client may still read: a response that is finished within `departureGraceMs` is sent.
   */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** The last value of a request header; undefined when it was not sent. */
  getHeader(name: string): string | undefined {
    return this.requestHeaders.get(name)
  }

  /** All request headers, lower-case names, the last value of each. */
  getAllHeaders(): Map<string, string> {
    const all = new Map<string, string>()
    for (const [name, value] of this.requestHeaders) all.set(name.toLowerCase(), value)
    return all
  }

  /** Where the client's connection comes from. */
  getClientAddress(): Address {
    return this.#channel.transport.getPeer()
  }

  /** Where the client connected to. */
  getHost(): Address {
    return this.#channel.transport.getHost()
  }

  /** Whether the request came over TLS: that of this connection, not one that a proxy has ended. */
  isSecure(): boolean {
    return this.#channel.transport.tlsSession !== undefined
  }

  /** The host the client asked for, without port and brackets; empty when it named none. */
  getRequestHostname(): string {
    const host = this.#head.host ?? ''
    const bracketed = /^\[(.*)\]/.exec(host)?.[1]
    return bracketed ?? host.replace(/:[0-9]*$/, '')
  }

  /** The host and port the client asked for, as it wrote them; empty when it named none. */
  getRequestAuthority(): string {
    return this.#head.host ?? ''
  }

  /** Sets a response header, in place of what was set under the name. */
  setHeader(name: string, value: string): void {
    this.responseHeaders.setRawHeaders(name, [value])
  }

  /**
   * Sets the status.
   *
   * @param message The reason phrase, where the usual one will not do.
   * @throws {RangeError} outside 200–999, or when the message has control characters.
   * @throws {LocalProtocolError} once the head was sent.
   */
  setResponseCode(code: number, message?: string): void {
    if (!Number.isInteger(code) || code < 200 || code > 999)
      throw new RangeError(`Cannot answer with status ${code}`)
    if (message !== undefined && !/^[\t\x20-\x7e\x80-\xff]*$/.test(message)) {
      throw new RangeError('Cannot send a reason phrase with control characters')
    }
    if (this.outcome === 'aborted') return
    if (this.started) throw new LocalProtocolError('Cannot set the status: the head was sent')
    this.#code = code
    this.#reason = message
  }

  /** Answers 302, or `code`, with a Location; the caller finishes the response. */
  redirect(url: string, code: number = 302): void {
    this.setResponseCode(code)
    this.setHeader('Location', url)
  }

  /**
   * Gives the response another deadline than `responseTimeoutMs` for its beginning, counted from now.
   * Has no effect once it has begun.
   *
   * @param timeoutMs Milliseconds; Infinity for no deadline.
   * @throws {TypeError | RangeError} unless it is a number, 0 or more.
   */
  setResponseTimeout(timeoutMs: number): void {
    checkValue('setResponseTimeout', 'timeoutMs', timeoutMs, CHANNEL_OPTION_RULES.responseTimeoutMs)
    this.#channel.responseTimeoutSet(this, timeoutMs)
  }

  /**
   * Sends a piece of the body, a string as UTF-8; before the first one the head.
   *
   * @returns false when the client takes less than it is given: await `drained()`. Also once the request is aborted.
   * @throws {LocalProtocolError} after `finish`.
   */
  write(data: Uint8Array | string): boolean {
    if (this.outcome === 'complete') throw new LocalProtocolError('Cannot write: the response is finished')
    if (this.outcome !== undefined) return false
    if (!this.#response.started) this.#response.begin(this.#responseHead())
    return this.#response.write(data)
  }

  /** Resolves when more may be written: true, or false when the client is gone. */
  drained(): Promise<boolean> {
    return this.#channel.transport.drained()
  }

  /**
   * Ends the response. Has no effect when the request has ended.
   *
   * @param body The whole body, of a response of which nothing was written; or its last piece.
   */
  finish(body: Uint8Array | string = ''): void {
    if (this.outcome !== undefined) return
    if (this.started) {
      if (body.length > 0) this.#response.write(body)
      if (!this.#response.finish()) return this.#ending.aborted(new LocalProtocolError(CUT))
    } else this.#response.whole(this.#responseHead(), body)
    this.#ending.completed('complete')
    this.#channel.requestDone(this)
  }

  /**
   * The request cannot be answered as it should be: answers an error page when nothing was sent
   * yet, else cuts the connection, so that what was sent does not look whole.
   *
   * @param error The status of an HTTPError or RemoteProtocolError is sent; anything else is a 500.
   */
  processingFailed(error: unknown): void {
    if (this.outcome !== undefined) return
    if (!this.started) return this.finish(this.#errorPage(error))
    this.#ending.aborted(new LocalProtocolError(CUT, { cause: error }))
    this.#channel.transport.abortConnection(error)
  }

  /**
   * The channel answers in place of the program, because the client broke the rules or a deadline has
   * passed: with an error page when nothing was sent yet, else by cutting the connection. The request
   * is aborted, and so is reading its body.
   */
  refuse(error: HTTPError | RemoteProtocolError): void {
    this.#body?.failed(error)
    if (this.outcome !== undefined) return
    this.endConnection()
    if (this.started) this.#channel.transport.abortConnection(error)
    else {
      const page = this.#errorPage(error)
      this.#response.whole(this.#responseHead(), page)
    }
    this.#ending.aborted(error)
  }

  /** The connection ends after this response, which says so. Too late once the head was sent. */
  endConnection(): void {
    this.#response.endConnection()
  }

  /**
   * Answers 101 and gives the connection, with every byte that came behind the request, to `next`.
   *
   * Earlier answers on the connection have been sent by then.
   *
   * @returns false when the client is gone.
   * @throws {LocalProtocolError} once a response was begun, on HTTP/1.0, when the request has a body, or when
   *   its Upgrade and Connection do not ask for it.
   * @see RFC 9110 §7.8
   */
  upgrade(next: ProtocolEvents, options: UpgradeOptions): boolean {
    if (this.outcome === 'aborted') return false
    if (this.started || this.outcome !== undefined)
      throw new LocalProtocolError('Cannot upgrade: the response began')
    if (this.#head.version === '1.0') throw new LocalProtocolError('Cannot upgrade a request of HTTP/1.0')
    if (!this.#asksFor(options.protocol)) {
      throw new LocalProtocolError(`Cannot upgrade to ${options.protocol}: the client did not ask for it`)
    }
    if (this.hasBody) throw new LocalProtocolError('Cannot upgrade a request that has a body')
    if (this.#channel.transport.disconnecting) return false
    for (const [name, value] of options.headers ?? []) this.responseHeaders.addRawHeader(name, value)
    this.setHeader('Upgrade', options.protocol)
    this.setHeader('Connection', 'Upgrade')
    this.#code = 101
    this.#response.upgrade(this.#responseHead())
    this.#ending.completed('upgraded')
    this.#channel.switchProtocol(this, next)
    return true
  }

  /** The client has sent all it will, and may still read. */
  clientLeft(reason: ConnectionClosed): void {
    this.#ending.clientLeft(reason)
  }

  /** The connection is gone. */
  connectionLost(reason: ConnectionClosed): void {
    this.#body?.failed(reason)
    this.#ending.aborted(reason)
  }

  /** Makes the response an error's. */
  #errorPage(error: unknown): string {
    if (error instanceof RemoteProtocolError) this.#response.endConnection()
    this.responseHeaders.clear()
    const expected = error instanceof HTTPError || error instanceof RemoteProtocolError
    this.#code = expected ? error.statusCode : 500
    this.#reason = undefined
    if (error instanceof HTTPError) {
      for (const [name, value] of error.headers) this.responseHeaders.addRawHeader(name, value)
    }
    this.setHeader('Content-Type', 'text/html; charset=utf-8')
    return errorBody(this.#code, error instanceof HTTPError ? error.message : undefined)
  }

  #asksFor(protocol: string): boolean {
    const lists = (name: string, wanted: string): boolean =>
      (this.requestHeaders.getRawHeaders(name) ?? [])
        .flatMap((value) => value.toLowerCase().split(','))
        .some((item) => item.trim() === wanted)
    return lists('upgrade', protocol.toLowerCase()) && lists('connection', 'upgrade')
  }

  #bodyWanted(): void {
    this.#channel.bodyWanted(this)
  }

  #makeBody(): RequestBody {
    const body = new RequestBody({ bodyWanted: () => this.#bodyWanted() }, () =>
      this.getHeader('content-type'),
    )
    if (!this.hasBody) body.completed()
    else if (this.outcome === 'aborted' && this.#ending.reason !== undefined) body.failed(this.#ending.reason)
    return body
  }

  #responseHead(): ResponseHead {
    const unread = this.hasBody && !this.body.used && !this.body.complete
    if (unread && !this.#channel.willDiscard(this.#head)) this.endConnection()
    const headers = this.responseHeaders
    const dateLine = headers.hasHeader('date') ? '' : this.#channel.dateLine()
    return { code: this.#code, reason: this.#reason, headers, dateLine }
  }
}

const CUT = 'Cannot complete the response: it was cut'
