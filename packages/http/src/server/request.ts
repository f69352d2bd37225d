import {
  type Address,
  type ConnectionClosed,
  LocalProtocolError,
  type ProtocolEvents,
  type Reactor,
} from '@ropewalk/core'
import { checkValue, having, count } from '@ropewalk/core/options'
import { HTTPError, type RemoteProtocolError } from '../errors.ts'
import { asciiURL } from '../message/request-target.ts'
import { Headers } from '../message/headers.ts'
import { listElements } from '../codec/grammar.ts'
import type { RequestHead } from '../codec/request-head.ts'
import { CHANNEL_OPTION_RULES } from './channel-options.ts'
import { OutgoingResponse, type ResponseChannel } from './outgoing-response.ts'
import { RequestBody } from './request-body.ts'
import { type Outcome, RequestEnding } from './request-ending.ts'

/** What a request asks of the channel that read it. */
export interface RequestChannel extends ResponseChannel {
  /** Whether a body that is not read will be dropped to keep the connection. */
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
  /** Decoded path segments that led to the resource. */
  prepath: string[] = []
  /** Decoded path segments after those of the resource. */
  postpath: string[] = []
  readonly #channel: RequestChannel
  readonly #head: RequestHead
  readonly #query: string
  readonly #ending = new RequestEnding()
  readonly #response: OutgoingResponse
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
    this.#response = new OutgoingResponse(channel, head, this.#ending)
  }

  /** What the client sends after the head, read as it arrives. */
  get body(): RequestBody {
    this.#body ??= this.#makeBody()
    return this.#body
  }

  /** Whether the client sends anything after the head. */
  get hasBody(): boolean {
    const { framing } = this.#head
    return framing.kind === 'chunked' || (framing.kind === 'length' && framing.bytes > 0)
  }

  /** The query's parameters. */
  get args(): URLSearchParams {
    this.#args ??= new URLSearchParams(this.#query)
    return this.#args
  }

  /** The headers of the response. Once they were sent a change has no effect, and is logged. */
  get responseHeaders(): Headers {
    return this.#response.headers
  }

  /** The reactor: take time and timers from it. */
  get reactor(): Reactor {
    return this.#channel.transport.reactor
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

  /** Settles once the request has ended, with how. Never rejects. */
  get finished(): Promise<Outcome> {
    return this.#ending.finished
  }

  /**
   * Aborted when the client leaves, or is answered by the channel, before the response is complete. The
   * reason is why: ConnectionDone when the client has sent its end (FIN), ConnectionLost, the
   * RemoteProtocolError of a client that broke the rules, or the HTTPError of a deadline.
   *
   * After ConnectionDone a client may still read: a response is sent as long as it goes on within `departureGraceMs`.
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

  /** The host the client asked for, in lower case, without port and brackets; empty when it named none. */
  getRequestHostname(): string {
    const host = (this.#head.host ?? '').toLowerCase()
    const bracketed = /^\[(.*)\]/.exec(host)?.[1]
    return bracketed ?? host.replace(/:[0-9]*$/, '')
  }

  /** The host and port the client asked for, as it wrote them; empty when it named none. */
  getRequestAuthority(): string {
    return this.#head.host ?? ''
  }

  /**
   * Sets a response header, in place of what was set under the name. Once the head was sent this has no
   * effect, and is logged.
   *
   * @throws {TypeError} when the name is no token, or the value no string that can be sent.
   */
  setHeader(name: string, value: string): void {
    this.responseHeaders.setRawHeaders(name, [value])
  }

  /**
   * Sets the status. Once the head was sent this has no effect, and is logged.
   *
   * @param message The reason phrase, where the usual one will not do.
   * @throws {RangeError} outside 200–999, or when the message has control characters or one above U+00FF.
   */
  setResponseCode(code: number, message?: string): void {
    checkValue('setResponseCode', 'code', code, STATUS)
    if (message !== undefined && !/^[\t\x20-\x7e\x80-\xff]*$/.test(message)) {
      throw new RangeError(
        'Cannot send a reason phrase with control characters, or with a character above U+00FF',
      )
    }
    this.#response.setCode(code, message)
  }

  /**
   * Sets 302, or `code`, and a Location; the caller finishes the response.
   *
   * @param url What is not ASCII in it, and blanks, are percent-encoded.
   * @throws {TypeError} when the URL holds a control character. RangeError as `setResponseCode`.
   */
  redirect(url: string, code: number = 302): void {
    this.setResponseCode(code)
    this.setHeader('Location', typeof url === 'string' ? asciiURL(url) : url)
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
   * Sends a piece of the body, a string as UTF-8; before the first one the head. Without a Content-Type a
   * first string is sent as `text/html; charset=utf-8`, first bytes as `application/octet-stream`.
   *
   * A piece that cannot be sent, because it exceeds the Content-Length or is no body, ends the request: with a
   * 500 in place of the first one, else by cutting the connection. That is logged, and so is a piece after `finish`.
   *
   * @returns false when the client takes less than it is given: await `drained()`. Also once the request has ended.
   */
  write(data: Uint8Array | string): boolean {
    if (this.#ending.outcome !== undefined) return this.#response.write(data)
    if (!this.started) this.#beforeHead()
    const ready = this.#response.write(data)
    this.#afterwards()
    return ready
  }

  /** Resolves when more may be written: true, or false once the request has ended. */
  async drained(): Promise<boolean> {
    return (await this.#channel.transport.drained()) && this.#ending.outcome === undefined
  }

  /**
   * Ends the response. Has no effect when the request has ended; a body that comes too late is logged.
   *
   * A response that does not have its Content-Length becomes a 500 when nothing of it was sent, and is cut
   * otherwise; so is one whose body is neither a string nor bytes. That is logged.
   *
   * @param body The whole body, of a response of which nothing was written; or its last piece.
   */
  finish(body: Uint8Array | string = ''): void {
    if (this.#ending.outcome !== undefined) return this.#response.finish(body)
    if (!this.started) this.#beforeHead()
    this.#response.finish(body)
    this.#afterwards()
  }

  /** Whether the response can have a body: not to HEAD, and not with status 204, 205 or 304. */
  get takesBody(): boolean {
    return this.#response.takesBody
  }

  /** Ends the response in place of a body in pieces, which it cannot have: `takesBody`. That is logged, except to HEAD. */
  finishWithoutPieces(): void {
    if (this.#ending.outcome !== undefined) return
    this.#beforeHead()
    this.#response.finishWithoutPieces()
    this.#afterwards()
  }

  /**
   * The request cannot be answered as it should be: sends an error page when nothing was sent
   * yet, else cuts the connection, so that what was sent does not look whole.
   *
   * @param error The status of an HTTPError or RemoteProtocolError is sent; anything else is a 500.
   */
  processingFailed(error: unknown): void {
    if (this.#ending.outcome !== undefined) return
    this.#beforeHead()
    this.#response.processingFailed(error)
    this.#afterwards()
  }

  /**
   * The channel answers in place of the program, because the client broke the rules or a deadline has
   * passed: with an error page when nothing was sent yet, else by cutting the connection. The request
   * is aborted, and so is reading its body.
   */
  refuse(error: HTTPError | RemoteProtocolError): void {
    this.#body?.failed(error)
    this.#response.refuse(error)
  }

  /** The connection ends after this response, which announces it. Too late once the head was sent. */
  endConnection(): void {
    this.#response.endConnection()
  }

  /**
   * Whether the client asks for another protocol, in a way that `upgrade` can follow: in HTTP/1.1, by Upgrade
   * and Connection, without a body. A resource that is not asked answers the request as any other.
   *
   * @param protocol A token such as `websocket`, whose case does not matter.
   * @see RFC 9110 §7.8
   */
  asksToUpgrade(protocol: string): boolean {
    return !this.hasBody && this.#namesProtocol(protocol)
  }

  /**
   * Sends 101 and gives the connection, with every byte that came after the request, to `next`.
   *
   * Earlier responses on the connection have been sent by then.
   *
   * A client that did not ask for it, see `asksToUpgrade`, is sent a 426, or a 400 when its request has a body: nothing
   * is thrown, because what a client sends must not throw in a timer of the program.
   *
   * @returns false when the client is gone, or was refused.
   * @throws {LocalProtocolError} once a response was begun.
   * @throws {TypeError} when `next` is no protocol, or a header cannot be sent.
   * @see RFC 9110 §7.8
   */
  upgrade(next: ProtocolEvents, options: UpgradeOptions): boolean {
    if (this.outcome === 'aborted') return false
    if (this.started || this.outcome !== undefined)
      throw new LocalProtocolError('Cannot upgrade: the response began')
    checkValue('upgrade', 'next', next, PROTOCOL)
    const { protocol } = options
    if (this.#channel.transport.disconnecting) return false
    if (!this.asksToUpgrade(protocol)) {
      this.processingFailed(this.#upgradeRefusal(protocol))
      return false
    }
    for (const [name, value] of options.headers ?? []) this.responseHeaders.addRawHeader(name, value)
    this.setHeader('Upgrade', protocol)
    this.setHeader('Connection', 'Upgrade')
    this.#response.upgrade()
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

  #upgradeRefusal(protocol: string): HTTPError {
    if (this.#namesProtocol(protocol))
      return HTTPError.withoutStack(400, 'A request to upgrade cannot have a body here')
    return HTTPError.withoutStack(426, `This address is for ${protocol}`, {
      headers: [['Upgrade', protocol]],
    })
  }

  /** RFC 9110 §7.8: Upgrade counts for HTTP/1.1, when Connection lists it. */
  #namesProtocol(protocol: string): boolean {
    if (this.#head.version === '1.0') return false
    const lists = (name: string, wanted: string): boolean =>
      listElements(this.requestHeaders.getRawHeaders(name) ?? []).includes(wanted)
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

  /** A body that is neither read nor dropped ends the connection, and the head must announce that. */
  #beforeHead(): void {
    const unread = this.hasBody && !this.body.used && !this.body.complete
    if (unread && !this.#channel.willDiscard(this.#head)) this.endConnection()
  }

  #afterwards(): void {
    if (this.#ending.outcome === 'complete') this.#channel.requestDone(this)
  }
}

const STATUS = count({ least: 200, most: 999 })
const PROTOCOL = having('a protocol', 'makeConnection', 'dataReceived', 'connectionLost')
