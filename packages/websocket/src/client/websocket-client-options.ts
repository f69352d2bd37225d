import type { ConnectTCPOptions } from '@ropewalk/core'
import type { ClientEndpoint } from '@ropewalk/core/endpoints'
import {
  callable,
  count,
  either,
  type GivenOptions,
  having,
  milliseconds,
  type OptionRule,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import type { ClientTLSOptions, TLSContext } from '@ropewalk/core/tls'
import type { GivenHeaders } from '@ropewalk/http/client'
import {
  DEFAULT_WEBSOCKET_OPTIONS,
  WEBSOCKET_OPTION_RULES,
  WEBSOCKET_OPTIONS_OF_WS,
  type WebSocketOptions,
} from '../connection/websocket-options.ts'
import { areSubprotocols } from '../handshake/client-handshake.ts'

/** The options of a client: those of each of its WebSockets, and how it opens them. */
export interface WebSocketClientOptions extends WebSocketOptions {
  /**
   * Further headers of the opening request, such as Authorization, Cookie or Origin. A function is called for each
   * attempt, so that a client that reconnects can send a fresh token. Default: none.
   */
  readonly headers: GivenHeaders | (() => GivenHeaders | PromiseLike<GivenHeaders>)
  /** The subprotocols to offer, best first. Default: none. */
  readonly subprotocols: readonly string[]
  /**
   * What to connect through instead of the URL's host and port, such as a UNIX socket or an `HTTPConnectEndpoint`. A
   * function is called for each attempt and each redirect. The URL still decides about Host, the path and TLS: for
   * `wss`, TLS is started on the connection unless the endpoint has done so. Default: by the URL.
   */
  readonly endpoint: ClientEndpoint | ((url: URL) => ClientEndpoint) | undefined
  /** TLS for `wss`: trusted roots, a certificate, another server name. Default: `{}`. */
  readonly tls: TLSContext | ClientTLSOptions
  /** Options of the TCP or UNIX connection; not together with `endpoint`. Default: `{}`. */
  readonly connection: ConnectTCPOptions | undefined
  /**
   * Longest wait for the response to the opening handshake, in milliseconds, from the time when the connection is up
   * and TLS is set up. Then `connect` rejects with a TimeoutError. Default 10 000.
   */
  readonly handshakeTimeoutMs: number
  /**
   * Most redirects to follow; one more rejects with ConnectionRejected. Authorization, Cookie, and the user name and
   * password of the URL are not sent to another scheme, host or port. A redirect from `wss` to `ws` is never followed.
   * Default 0.
   */
  readonly maxRedirects: number
}

/** The default options of a client. */
export const DEFAULT_WEBSOCKET_CLIENT_OPTIONS: WebSocketClientOptions = {
  ...DEFAULT_WEBSOCKET_OPTIONS,
  headers: {},
  subprotocols: [],
  endpoint: undefined,
  tls: {},
  connection: undefined,
  handshakeTimeoutMs: 10_000,
  maxRedirects: 0,
}

const headers: OptionRule = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? undefined
    : { kind: 'type', wanted: 'headers by name, or a function that returns them' }

const subprotocols: OptionRule = (value) => {
  const wanted = 'a list of tokens, each of them once'
  if (!Array.isArray(value)) return { kind: 'type', wanted }
  if (!value.every((name) => typeof name === 'string')) return { kind: 'type', wanted }
  return areSubprotocols(value) ? undefined : { kind: 'range', wanted }
}

const RULES: OptionRules<WebSocketClientOptions> = {
  ...WEBSOCKET_OPTION_RULES,
  headers,
  subprotocols,
  endpoint: either(
    having('', 'connect'),
    callable,
    'a client endpoint, or a function of the URL that returns one',
  ),
  // What they contain is checked where it is used, by ClientTLS and by the endpoint of the connection.
  tls: having('a ClientTLS or its options: { serverName }'),
  connection: having('the options of a TCP connection: { timeoutMs }'),
  handshakeTimeoutMs: milliseconds(),
  maxRedirects: count(),
}

/** Names that `ws` and others have for these options. */
const INSTEAD = {
  ...WEBSOCKET_OPTIONS_OF_WS,
  handshakeTimeout: 'handshakeTimeoutMs',
  followRedirects: 'maxRedirects',
  protocol: 'subprotocols',
  protocols: 'subprotocols',
  ca: 'tls: { trustRoots }',
  servername: 'tls: { serverName }',
  agent: 'endpoint',
  proxy: 'endpoint: new HTTPConnectEndpoint(…)',
  origin: 'headers: { Origin }',
}

/**
 * Checks options, and fills in the defaults.
 *
 * @param owner The class or function that takes the options, for error messages.
 * @throws {TypeError} when an option does not exist or has the wrong type, or `connection` is given with `endpoint`.
 * @throws {RangeError} when a value is out of range.
 */
export function webSocketClientOptions(
  owner: string,
  given: GivenOptions<WebSocketClientOptions> | undefined,
): WebSocketClientOptions {
  const options = withDefaults(owner, DEFAULT_WEBSOCKET_CLIENT_OPTIONS, given, RULES, INSTEAD)
  if (options.endpoint !== undefined && options.connection !== undefined)
    throw new TypeError(`Cannot take connection with endpoint for ${owner}: give its options to the endpoint`)
  return options
}
