import { type Address, type Reactor, tcpAddress, type Transport } from '@ropewalk/core'
import { checkValue, count, flag, type GivenOptions, type OptionRule } from '@ropewalk/core/options'
import type { Certificate } from '@ropewalk/core/tls'
import type { CookieOptions } from '../codec/cookie.ts'
import { isHost, type RequestHead } from '../codec/request-head.ts'
import { Headers } from '../message/headers.ts'
import { preferredCoding, preferredLanguage, preferredType } from '../message/negotiation.ts'
import { packHead, unpackHead } from './packed-head.ts'
import { RequestCookies } from './request-cookies.ts'
import { childLink, parseURL, pathURL, sibLink } from './request-urls.ts'

/** What a proxy states about the client; the connection's own facts where it states nothing. */
export interface ClientFacts {
  readonly address?: Address | undefined
  readonly scheme?: 'http' | 'https' | undefined
  /** The host, and the port if it is not the default one, as in a Host field. */
  readonly host?: string | undefined
}

/** The part of a channel that the facts of a request come from. */
export interface RequestOrigin {
  readonly transport: Transport
  /** Numbers the requests of the connection, from 1. */
  nextRequestNumber(): number
}

/** A request as the client has sent it, without its body: the line, the headers, and where it comes from. */
export class IncomingRequest {
  readonly #transport: Transport
  readonly #number: number
  /** Packed after an upgrade, until it is looked at. */
  #head: RequestHead | string
  #requestHeaders: Headers | undefined
  #prepath: string[] | undefined
  #postpath: string[] | undefined
  #client: ClientFacts | undefined
  /** The host that a proxy or the program states; undefined when it is that of the head. */
  #authority: string | undefined
  #host: Address | undefined
  #args: URLSearchParams | undefined
  #cookies: RequestCookies | undefined
  #rootURL: string | undefined

  static {
    // What `util.inspect` shows, as console.log and failing assertions do: getters would be left out.
    Object.defineProperty(IncomingRequest.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: IncomingRequest) {
        const { method, uri, clientproto, requestHeaders, prepath, postpath } = this
        return {
          ...Object.fromEntries(Object.entries(this)),
          method,
          uri,
          clientproto,
          requestHeaders,
          prepath,
          postpath,
        }
      },
    })
  }

  constructor(origin: RequestOrigin, head: RequestHead) {
    this.#transport = origin.transport
    this.#number = origin.nextRequestNumber()
    this.#head = head
  }

  /** The method, such as `GET`. */
  get method(): string {
    return this.head.method
  }

  /** The request target as it was sent. */
  get uri(): string {
    return this.head.target
  }

  /** The target's path, still percent-encoded; `*` for `OPTIONS *`. */
  get path(): string {
    return this.head.path
  }

  /** `HTTP/1.0` or `HTTP/1.1`. */
  get clientproto(): string {
    return `HTTP/${this.head.version}`
  }

  /** The header fields of the request. */
  get requestHeaders(): Headers {
    this.#requestHeaders ??= Headers.fromFields(this.head.fields)
    return this.#requestHeaders
  }

  /** Decoded path segments that led to the resource. */
  get prepath(): string[] {
    this.#prepath ??= []
    return this.#prepath
  }

  set prepath(segments: string[]) {
    this.#prepath = segments
  }

  /** Decoded path segments after those of the resource. */
  get postpath(): string[] {
    this.#postpath ??= []
    return this.#postpath
  }

  set postpath(segments: string[]) {
    this.#postpath = segments
  }

  /** Identifies the request in logs: the connection's id, and the number of the request on it. */
  get id(): string {
    return `${this.#transport.id}-${this.#number}`
  }

  /** The connection's reactor: use its time and timers. */
  get reactor(): Reactor {
    return this.#transport.reactor
  }

  /** `https` when the connection uses TLS, or a trusted proxy states that the client's does. */
  get scheme(): 'http' | 'https' {
    return this.#client?.scheme ?? (this.#transport.tlsSession === undefined ? 'http' : 'https')
  }

  /** The query's parameters. */
  get args(): URLSearchParams {
    this.#args ??= new URLSearchParams(this.head.query)
    return this.#args
  }

  /**
   * The cookies that the client sent, by name. Of a name that was sent twice the first value counts. Values are as they
   * were sent: one that was encoded to send it is still encoded.
   */
  get cookies(): ReadonlyMap<string, string> {
    return this.#allCookies.received
  }

  /** The certificate with which the client has identified itself in TLS; undefined without one. */
  get clientCertificate(): Certificate | undefined {
    return this.#transport.getPeerCertificate()
  }

  /** Returns the value of a cookie; undefined when it was not sent. */
  getCookie(name: string): string | undefined {
    return this.cookies.get(name)
  }

  /** Returns the last value of a request header; undefined when it was not sent. */
  getHeader(name: string): string | undefined {
    return this.requestHeaders.get(name)
  }

  /** Returns all request headers: lower-case names, with the last value of each. */
  getAllHeaders(): Map<string, string> {
    const all = new Map<string, string>()
    for (const [name, value] of this.requestHeaders) all.set(name.toLowerCase(), value)
    return all
  }

  /** Returns the address from which the client connected, or which a trusted proxy states. */
  getClientAddress(): Address {
    return this.#client?.address ?? this.#transport.getPeer()
  }

  /** Returns the address to which the client connected, or which `setHost` has set. */
  getHost(): Address {
    return this.#host ?? this.#transport.getHost()
  }

  /** Whether the client's connection uses TLS: `scheme` is `https`. */
  isSecure(): boolean {
    return this.scheme === 'https'
  }

  /** Returns the requested host in lower case, without port and brackets; empty when there is none. */
  getRequestHostname(): string {
    const host = this.getRequestAuthority().toLowerCase()
    const bracketed = /^\[(.*)\]/.exec(host)?.[1]
    return bracketed ?? host.replace(/:[0-9]*$/, '')
  }

  /** Returns the requested host and port as they were sent; empty when there are none. */
  getRequestAuthority(): string {
    return this.#authority ?? this.head.host ?? ''
  }

  /**
   * Sets the host and port under which the client knows this server: for the Host header, `getHost`, `isSecure` and the
   * URLs of the request. A server behind a proxy calls it.
   *
   * @param secure Whether the client uses TLS. False leaves `isSecure` as it is.
   * @throws {TypeError | RangeError} when `host` is not a host, or `port` not a port.
   */
  setHost(host: string, port: number, secure: boolean = false): void {
    checkValue('setHost', 'host', host, HOST)
    checkValue('setHost', 'port', port, PORT)
    checkValue('setHost', 'secure', secure, flag)
    if (secure) this.assumeClient({ scheme: 'https' })
    this.#host = tcpAddress(host.replaceAll(/[[\]]/g, ''), port)
    this.assumeClient({ host: port === (this.isSecure() ? 443 : 80) ? host : `${host}:${port}` })
  }

  /**
   * Uses what a proxy states about the client, from now on: its address, scheme, and the host it has requested. The
   * caller must trust the proxy, and what it states, since any client can send the same header fields.
   *
   * @throws {TypeError | RangeError} when `host` cannot be in a Host field.
   */
  assumeClient(facts: ClientFacts): void {
    const { host } = facts
    if (host !== undefined) {
      checkValue('assumeClient', 'host', host, HOST)
      this.#authority = host
      this.requestHeaders.setRawHeaders('Host', [host])
    }
    const { address = this.#client?.address, scheme = this.#client?.scheme } = facts
    this.#client = { address, scheme }
  }

  /** Returns the URL of the resource that renders: scheme, requested host, and `prepath`, percent-encoded. */
  prePathURL(): string {
    return this.#urlOf(this.prepath)
  }

  /**
   * Returns `prePathURL()` as a URL: `new URL('other', request.URLPath())` is Twisted's `click`.
   *
   * @throws {HTTPError} 400 when the requested host can be in no URL.
   */
  URLPath(): URL {
    return parseURL(this.prePathURL())
  }

  /**
   * Returns a link to a child of the resource that renders, relative to the requested URL.
   *
   * @param name The child's segment; it is percent-encoded here.
   */
  childLink(name: string): string {
    return childLink(this.prepath, this.postpath, name)
  }

  /** Returns a link to a sibling of the resource that renders, as `childLink` does. */
  sibLink(name: string): string {
    return sibLink(this.postpath, name)
  }

  /** Notes the URL of the parent of the resource that is being found: `getRootURL` returns it. */
  rememberRootURL(): void {
    this.#rootURL = this.#urlOf(this.prepath.slice(0, -1))
  }

  /** Returns the URL that `rememberRootURL` has noted; undefined before. */
  getRootURL(): string | undefined {
    return this.#rootURL
  }

  /** Returns the media type that the client prefers; undefined when it accepts none of them (RFC 9110 §12.5.1). */
  accepts<const T extends string>(...types: readonly T[]): T | undefined {
    return preferredType(this.requestHeaders, types)
  }

  /** Returns the language that the client prefers; undefined when it accepts none of them. */
  acceptsLanguages<const T extends string>(...languages: readonly T[]): T | undefined {
    return preferredLanguage(this.requestHeaders, languages)
  }

  /** Returns the content coding that the client prefers; undefined when it accepts none of them. */
  acceptsEncodings<const T extends string>(...codings: readonly T[]): T | undefined {
    return preferredCoding(this.requestHeaders, codings)
  }

  /** The head as it was read. */
  protected get head(): RequestHead {
    if (typeof this.#head === 'string') this.#head = unpackHead(this.#head)
    return this.#head
  }

  /** Keeps the head as one string until it is looked at again: the request may be kept for long. */
  protected packHead(): void {
    this.#head = packHead(this.head, this.requestHeaders)
    this.#requestHeaders = undefined
    if (this.#prepath?.length === 0) this.#prepath = undefined
    if (this.#postpath?.length === 0) this.#postpath = undefined
  }

  /** Adds a Set-Cookie line to the headers of the response. */
  protected setCookie(
    headers: Headers,
    name: string,
    value: string,
    options: GivenOptions<CookieOptions> | undefined,
  ): void {
    this.#allCookies.add(headers, name, value, options)
  }

  get #allCookies(): RequestCookies {
    this.#cookies ??= new RequestCookies(this.requestHeaders)
    return this.#cookies
  }

  #urlOf(segments: readonly string[]): string {
    return pathURL(
      { scheme: this.scheme, authority: this.getRequestAuthority(), host: this.getHost() },
      segments,
    )
  }
}

/** A host, with or without a port. */
const HOST: OptionRule = (value) => {
  const wanted = 'a host such as example.org'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return value !== '' && isHost(value) ? undefined : { kind: 'range', wanted }
}
const PORT = count({ most: 65_535 })
