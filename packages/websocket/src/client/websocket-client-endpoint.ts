import type { Reactor } from '@ropewalk/core'
import {
  type ClientEndpoint,
  ConnectingCancelledError,
  type ConnectOptions,
  connectWithPrelude,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from '@ropewalk/core/endpoints'
import { checkValue, type GivenOptions, having } from '@ropewalk/core/options'
import { ClientTLS } from '@ropewalk/core/tls'
import type { Headers } from '@ropewalk/http'
import { RESPONSE_LIMITS, givenHeaders, SwitchRequest } from '@ropewalk/http/client'
import { CheckedWebSocketOptions } from '../connection/websocket-options.ts'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import {
  type ClientHandshake,
  HandshakeFault,
  handshakeRequest,
  isHandshakeHeader,
} from '../handshake/client-handshake.ts'
import { ConnectionRejected, failureOf, WebSocketHandshakeError } from './client-errors.ts'
import { OpeningAttempt } from './client-opening.ts'
import { isRedirect, type Redirect, redirectFrom } from './redirect.ts'
import type { WebSocketClientFactory } from './websocket-client-factory.ts'
import { type WebSocketClientOptions, webSocketClientOptions } from './websocket-client-options.ts'
import { WEBSOCKET_URL, type WebSocketTarget, webSocketTarget } from './websocket-url.ts'

/**
 * The URL of a WebSocket to open.
 *
 *     const endpoint = new WebSocketClientEndpoint(reactor, 'wss://example.org/feed')
 *     const feed = await endpoint.connect(WebSocketClientFactory.forProtocol(Feed))
 *
 * A `ClientService` of `@ropewalk/core/services` takes it with such a factory, and reconnects.
 *
 * @see RFC 6455 §4.1
 */
export class WebSocketClientEndpoint {
  readonly #reactor: Reactor
  readonly #target: WebSocketTarget
  readonly #options: WebSocketClientOptions
  readonly #channelOptions: CheckedWebSocketOptions

  /**
   * @param url `ws://host/path` or `wss://host/path`; `ws+unix:/run/app.sock:/path` for a UNIX socket. A user name and
   *   password in it are sent as Authorization, unless `headers` have one.
   * @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value.
   */
  constructor(reactor: Reactor, url: string | URL, options?: GivenOptions<WebSocketClientOptions>) {
    checkValue(OWNER, 'reactor', reactor, having('a reactor', 'connectTCP', 'randomBytes'))
    checkValue(OWNER, 'url', url, WEBSOCKET_URL)
    this.#reactor = reactor
    this.#target = webSocketTarget(url)
    this.#options = webSocketClientOptions(OWNER, options)
    this.#channelOptions = new CheckedWebSocketOptions(this.#options)
    const { headers } = this.#options
    if (typeof headers !== 'function') givenHeaders(OWNER, headers, isHandshakeHeader)
  }

  /**
   * Connects; resolves with the protocol when the WebSocket is open and its `negotiationFinished` has returned.
   *
   * @throws {ConnectionRejected} (rejects) when the server responds with another status than 101.
   * @throws {WebSocketHandshakeError} (rejects) when its response does not open this WebSocket.
   * @throws {ConnectError} (rejects) when no connection could be made, or the server did not respond in time
   *   (TimeoutError), or the factory built no protocol (NoProtocol), or the signal is aborted
   *   (ConnectingCancelledError).
   * @throws {unknown} (rejects) with what the function `headers` throws, or a TypeError for what it returns.
   */
  async connect<P extends WebSocketProtocol>(
    factory: WebSocketClientFactory<P>,
    options: ConnectOptions = {},
  ): Promise<P> {
    checkValue('connect', 'factory', factory, FACTORY)
    let attempt: Attempt = {
      target: this.#target,
      headers: await this.#headers(options.signal),
      tls: this.#options.tls,
    }
    for (let redirectsLeft = this.#options.maxRedirects; ; redirectsLeft--) {
      try {
        return await this.#open(attempt, factory, options)
      } catch (error) {
        const location = redirectsLeft > 0 ? locationOf(error) : undefined
        if (location === undefined) throw error
        attempt = this.#redirected(attempt, location, error)
      }
    }
  }

  async #headers(signal: AbortSignal | undefined): Promise<Headers> {
    const { headers } = this.#options
    const given = typeof headers === 'function' ? await unlessAborted(headers, signal, this.#target) : headers
    return givenHeaders(OWNER, given, isHandshakeHeader)
  }

  async #open<P extends WebSocketProtocol>(
    { target, headers, tls }: Attempt,
    factory: WebSocketClientFactory<P>,
    options: ConnectOptions,
  ): Promise<P> {
    const { address } = target
    const { handshakeTimeoutMs } = this.#options
    const handshake = this.#handshake(target, headers)
    const opening = new OpeningAttempt({ address, factory, handshake, options: this.#channelOptions })
    const context = target.secure
      ? ClientTLS.from(tls, target.serverName, opening.acceptableProtocols)
      : undefined
    await connectWithPrelude(this.#endpoint(target), opening, options, (events, session) => {
      const request: SwitchRequest = new SwitchRequest({
        method: 'GET',
        head: handshakeRequest(handshake),
        limits: RESPONSE_LIMITS,
        maxBodyBytes: MAX_BODY_BYTES,
        timeoutMs: handshakeTimeoutMs,
        // The endpoint may have started TLS itself.
        tls: session === undefined ? context : undefined,
        events: {
          switched: (head, unread) => opening.switched(head, request.transport, unread, events),
          refused: (refusal) => events.failed(new ConnectionRejected(address, refusal)),
          failed: (why) => events.failed(failureOf(address, why, handshakeTimeoutMs)),
        },
      })
      return request
    })
    const { protocol } = opening
    if (protocol === undefined) throw new Error('Cannot connect: the WebSocket is open without a protocol')
    return protocol
  }

  /** RFC 6455 §4.1 (7): a new key for each connection. */
  #handshake(target: WebSocketTarget, headers: Headers): ClientHandshake {
    const { subprotocols } = this.#options
    const deflate = this.#channelOptions.deflate?.options
    const key = this.#reactor.randomBytes(16).toString('base64')
    if (target.authorization === undefined || headers.hasHeader('Authorization'))
      return { host: target.host, target: target.path, key, subprotocols, deflate, headers }
    const all = givenHeaders(OWNER, headers, isHandshakeHeader)
    all.addRawHeader('Authorization', target.authorization)
    return { host: target.host, target: target.path, key, subprotocols, deflate, headers: all }
  }

  #endpoint({ url, address }: WebSocketTarget): ClientEndpoint {
    const { endpoint, connection = {} } = this.#options
    if (typeof endpoint === 'function') return endpoint(new URL(url))
    if (endpoint !== undefined) return endpoint
    if (address.type === 'TCP')
      return new TCPClientEndpoint(this.#reactor, address.host, address.port, connection)
    return new UNIXClientEndpoint(this.#reactor, address.path, connection)
  }

  #redirected({ target, headers, tls }: Attempt, location: string, cause: unknown): Attempt {
    const redirect = this.#redirectFrom(target, location, cause)
    if (redirect.sameOrigin) return { target: redirect.target, headers, tls }
    const { endpoint } = this.#options
    const isFixed = endpoint !== undefined && typeof endpoint !== 'function'
    if (isFixed || 'secure' in tls) {
      const what = isFixed
        ? 'endpoint is fixed: give a function of the URL'
        : 'tls is fixed: give its options'
      const why = `cannot follow the redirect to another origin: the option ${what}`
      throw new WebSocketHandshakeError(target.address, 'redirect', why, cause)
    }
    const kept = givenHeaders(OWNER, headers, isHandshakeHeader)
    for (const name of CREDENTIALS) kept.removeHeader(name)
    // The name was that of the first server, and its certificate is a credential, too.
    return {
      target: redirect.target,
      headers: kept,
      tls: { ...tls, serverName: undefined, certificate: undefined },
    }
  }

  #redirectFrom(target: WebSocketTarget, location: string, cause: unknown): Redirect {
    try {
      return redirectFrom(target, location)
    } catch (error) {
      if (!(error instanceof HandshakeFault)) throw error
      throw new WebSocketHandshakeError(target.address, error.violation, error.message, cause)
    }
  }
}

/** One try of `connect`: a redirect leads to another. */
interface Attempt {
  readonly target: WebSocketTarget
  readonly headers: Headers
  readonly tls: WebSocketClientOptions['tls']
}

/** The Location of a redirect that has one. */
function locationOf(error: unknown): string | undefined {
  if (!(error instanceof ConnectionRejected) || !isRedirect(error.status)) return undefined
  const values = error.headers.getRawHeaders('Location') ?? []
  return values.length === 1 ? values[0] : undefined
}

/**
 * Settles as the promise of `call`, or rejects when the signal aborts first.
 *
 * @throws {ConnectingCancelledError} (rejects)
 */
function unlessAborted<T>(
  call: () => T | PromiseLike<T>,
  signal: AbortSignal | undefined,
  { address }: WebSocketTarget,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancelled = (): void => reject(new ConnectingCancelledError(address, 'the attempt was cancelled'))
    if (signal?.aborted) return cancelled()
    signal?.addEventListener('abort', cancelled, { once: true })
    const forget = (): void => signal?.removeEventListener('abort', cancelled)
    // In an async function, so that a throw rejects.
    void (async () => call())().then(resolve, reject).finally(forget)
  })
}

const OWNER = 'WebSocketClientEndpoint'
const FACTORY = having(
  'a factory, such as WebSocketClientFactory.forProtocol(Chat)',
  'buildProtocol',
  'doStart',
  'doStop',
)
/** Not sent to another origin. */
const CREDENTIALS = ['Authorization', 'Cookie', 'Proxy-Authorization'] as const
/** The most that is kept of the body of a refusal. */
const MAX_BODY_BYTES = 65_536
