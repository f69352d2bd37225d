import {
  type Address,
  ConnectError,
  type ProtocolEvents,
  type ProtocolFactory,
  tcpAddress,
} from '@ropewalk/core'
import { type ClientEndpoint, connectWithPrelude, type ConnectOptions } from '@ropewalk/core/endpoints'
import {
  anything,
  checkOptions,
  checkValue,
  count,
  filledText,
  type GivenOptions,
  having,
  milliseconds,
  type OptionRules,
} from '@ropewalk/core/options'
import { asciiHost } from '@ropewalk/core/reactor'
import { TimeoutError } from '@ropewalk/core/time'
import { RESPONSE_LIMITS } from '../codec/limits.ts'
import { isHost } from '../codec/request-head.ts'
import { requestHead } from '../codec/request-writer.ts'
import { Headers } from '../message/headers.ts'
import { reasonPhrase } from '../message/status.ts'
import { basicCredentials, type Credentials } from './basic-credentials.ts'
import { type GivenHeaders, givenHeaders } from './given-headers.ts'
import { type Refusal, type SwitchFailure, SwitchRequest } from './switch-request.ts'

/** The options of an HTTPConnectEndpoint. */
export interface HTTPConnectOptions {
  /** Sent to the proxy as Proxy-Authorization, with the Basic scheme. Default: none. */
  readonly credentials: Credentials | undefined
  /** Further headers of the CONNECT request, such as a Proxy-Authorization of another scheme. Default: none. */
  readonly headers: GivenHeaders
  /** Longest wait for the proxy's response, in milliseconds. Then `connect` rejects. Default 10 000. */
  readonly timeoutMs: number
}

/** A proxy refused to connect. */
export class ProxyRefused extends ConnectError {
  override readonly name = 'ProxyRefused'
  /** The status of the proxy's response, such as 407. */
  readonly status: number
  readonly headers: Headers
  /** At most 64 KiB of the response's body. */
  readonly body: Buffer

  /** Called by the endpoint. */
  constructor(address: Address, { head, body }: Refusal) {
    super(
      address,
      `the proxy responded with ${head.status} ${head.reason.slice(0, 80) || reasonPhrase(head.status)}`,
    )
    this.status = head.status
    this.headers = Headers.fromFields(head.fields)
    this.body = body
  }
}

/**
 * A TCP port that an HTTP proxy connects to, by CONNECT: any protocol can run through it.
 *
 *     const proxy = new TCPClientEndpoint(reactor, 'proxy.example', 3128)
 *     const endpoint = new HTTPConnectEndpoint(proxy, 'irc.example.org', 6667)
 *
 * The host is passed to the proxy, which looks it up. For TLS with the host, put `wrapClientTLS` in front of this
 * endpoint; TLS with the proxy is not possible at the same time. `getPeer()` of the transport is the proxy.
 *
 * @see RFC 9110 §9.3.6
 */
export class HTTPConnectEndpoint implements ClientEndpoint {
  readonly #proxy: ClientEndpoint
  readonly #address: Address
  readonly #head: Uint8Array
  readonly #timeoutMs: number

  /**
   * @param proxy The endpoint of the proxy.
   * @throws {TypeError | RangeError} when an argument or option has a wrong name, type or value.
   */
  constructor(
    proxy: ClientEndpoint,
    host: string,
    port: number,
    options: GivenOptions<HTTPConnectOptions> = {},
  ) {
    checkValue('HTTPConnectEndpoint', 'proxy', proxy, having('the endpoint of the proxy', 'connect'))
    checkValue('HTTPConnectEndpoint', 'host', host, filledText)
    checkValue('HTTPConnectEndpoint', 'port', port, count({ least: 1, most: 65_535 }))
    checkOptions('HTTPConnectEndpoint', options, RULES)
    const { credentials, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    const name = asciiHost(host)
    const authority = `${name.includes(':') ? `[${name}]` : name}:${port}`
    if (!isHost(authority))
      throw new RangeError(
        `Cannot take host ${JSON.stringify(host.slice(0, 80))} for HTTPConnectEndpoint: give a name or an address`,
      )
    this.#proxy = proxy
    this.#address = tcpAddress(name, port)
    this.#head = requestHead('CONNECT', authority, headersOf(authority, credentials, headers))
    this.#timeoutMs = timeoutMs
  }

  /**
   * Connects to the proxy, then through it.
   *
   * @throws {ConnectError} (rejects): ProxyRefused when the proxy responds with another status than 2xx, TimeoutError
   *   when it does not respond in time, that of the proxy's endpoint when the proxy cannot be reached.
   */
  connect<P extends ProtocolEvents>(factory: ProtocolFactory<P>, options: ConnectOptions = {}): Promise<P> {
    return connectWithPrelude(this.#proxy, factory, options, (events) => {
      const request: SwitchRequest = new SwitchRequest({
        method: 'CONNECT',
        head: this.#head,
        limits: RESPONSE_LIMITS,
        maxBodyBytes: MAX_BODY_BYTES,
        timeoutMs: this.#timeoutMs,
        events: {
          switched: (_, unread) => events.finished(request.transport, unread),
          refused: (refusal) => events.failed(new ProxyRefused(this.#address, refusal)),
          failed: (why) => events.failed(this.#error(why)),
        },
      })
      return request
    })
  }

  #error(why: SwitchFailure): ConnectError {
    const address = this.#address
    if (why.is === 'timeout')
      return new TimeoutError(address, `the proxy did not respond within ${this.#timeoutMs} ms`)
    if (why.is === 'malformed')
      return new ConnectError(address, `the proxy did not respond with HTTP: ${why.error.message}`, why.error)
    return new ConnectError(address, 'the connection to the proxy ended before its response', why.reason)
  }
}

function headersOf(authority: string, credentials: Credentials | undefined, given: GivenHeaders): Headers {
  const headers = new Headers()
  headers.addRawHeader('Host', authority)
  if (credentials !== undefined) headers.addRawHeader('Proxy-Authorization', basicCredentials(credentials))
  const isOwned = (name: string): boolean =>
    OWNED.has(name) || (name === 'proxy-authorization' && credentials !== undefined)
  for (const [name, value] of givenHeaders('HTTPConnectEndpoint', given, isOwned))
    headers.addRawHeader(name, value)
  return headers
}

const OWNED: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
])
const DEFAULT_TIMEOUT_MS = 10_000
const MAX_BODY_BYTES = 65_536
const RULES: OptionRules<HTTPConnectOptions> = {
  // Checked when the head of the request is made.
  credentials: anything,
  headers: anything,
  timeoutMs: milliseconds(),
}
