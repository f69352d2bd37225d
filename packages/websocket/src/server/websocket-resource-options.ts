import {
  DEFAULT_WEBSOCKET_OPTIONS,
  WEBSOCKET_OPTION_RULES,
  WEBSOCKET_OPTIONS_OF_WS,
  type WebSocketOptions,
} from '../connection/websocket-options.ts'
import { originPolicy, type OriginPolicy } from '../handshake/origin-policy.ts'
import type { Authenticate } from './authentication.ts'
import { subprotocolNames } from './subprotocol-classes.ts'
import {
  byteCount,
  callable,
  checkOptions,
  count,
  filledText,
  type GivenOptions,
  listOf,
  milliseconds,
  type OptionRules,
  quantity,
  withDefaults,
} from '@ropewalk/core/options'

/**
 * The options of a WebSocketResource: those of each of its WebSockets, which clients it accepts, and how much
 * they may use.
 */
export interface WebSocketResourceOptions<User = unknown> extends WebSocketOptions {
  /** Which pages may open the WebSocket. Default `same`. */
  readonly origins: OriginPolicy
  /**
   * The hosts that the resource responds for, written as in the option `hosts` of a Site, which is for all its
   * resources. To any other host it responds with 421. It stops pages that point a name of their own at this
   * server (DNS rebinding), whose origin is the same as the Host. Default: all.
   */
  readonly hosts: readonly string[] | undefined
  /** Decides who opens a WebSocket, before the 101. Default: everyone, and `this.user` is undefined. */
  readonly authenticate: Authenticate<User> | undefined
  /**
   * Longest wait, in milliseconds, for `authenticate`, `selectSubprotocol` and `buildProtocol` together. Beyond
   * it: 503. Default 10 000.
   */
  readonly handshakeTimeoutMs: number
  /**
   * Most connections at a time, from the handshake, before `authenticate`, until the connection is gone. Beyond
   * it: 503 with Retry-After. Default Infinity.
   */
  readonly maxConnections: number
  /**
   * Most bytes that all connections of the resource together make the server hold: messages that have not
   * arrived completely or are not delivered, and output that is not sent. When half of it is used, a connection
   * that grows beyond its equal share of the other half is closed with 1013. Default Infinity.
   */
  readonly maxHeldBytes: number
  /**
   * Longest lifetime of a WebSocket, in milliseconds. Then it is closed with 1001, after pending callbacks. Each
   * has up to a tenth less, so that clients do not all connect again at the same time. Default Infinity.
   */
  readonly maxLifetimeMs: number
  /**
   * Most messages per second that one client may send on average, pings and pongs included; a second's worth
   * may come at once. Beyond it, its connection is read more slowly. Default Infinity.
   */
  readonly maxMessagesPerSecond: number
  /** Most bytes per second that one client may send on average, likewise. Default Infinity. */
  readonly maxBytesPerSecond: number
}

/** The default options of a WebSocketResource. */
export const DEFAULT_WEBSOCKET_RESOURCE_OPTIONS: WebSocketResourceOptions = {
  ...DEFAULT_WEBSOCKET_OPTIONS,
  origins: 'same',
  hosts: undefined,
  authenticate: undefined,
  handshakeTimeoutMs: 10_000,
  maxConnections: Infinity,
  maxHeldBytes: Infinity,
  maxLifetimeMs: Infinity,
  maxMessagesPerSecond: Infinity,
  maxBytesPerSecond: Infinity,
}

const RATE = quantity({ above: 0, endless: true })
const RULES: OptionRules<WebSocketResourceOptions> = {
  ...WEBSOCKET_OPTION_RULES,
  origins: originPolicy,
  hosts: listOf(filledText),
  authenticate: callable,
  handshakeTimeoutMs: milliseconds({ above: 0 }),
  maxConnections: count({ least: 1, endless: true }),
  maxHeldBytes: byteCount({ least: 1, endless: true }),
  maxLifetimeMs: milliseconds({ above: 0, endless: true }),
  maxMessagesPerSecond: RATE,
  maxBytesPerSecond: RATE,
}

const FOR_PROTOCOL_RULES = { ...RULES, subprotocols: subprotocolNames }

/** Names that `ws` has for what a resource and its factory do. */
const INSTEAD = {
  ...WEBSOCKET_OPTIONS_OF_WS,
  verifyClient: 'authenticate',
  clientTracking: 'resource.connections',
  subprotocols: 'selectSubprotocol of the factory',
  handleProtocols: 'selectSubprotocol of the factory',
}
const INSTEAD_FOR_PROTOCOL = { ...INSTEAD, handleProtocols: 'subprotocols' }

/**
 * Checks options, and fills in the defaults.
 *
 * @param owner The class or function that takes the options, for error messages.
 * @throws {TypeError} when an option does not exist or has the wrong type.
 * @throws {RangeError} when a value is out of range, or an origin is not written as browsers send it.
 */
export function webSocketResourceOptions(
  owner: string,
  given: GivenOptions<WebSocketResourceOptions> | undefined,
): WebSocketResourceOptions {
  return withDefaults(owner, DEFAULT_WEBSOCKET_RESOURCE_OPTIONS, given, RULES, INSTEAD)
}

/**
 * Checks the options of `forProtocol`, with `subprotocols`.
 *
 * @throws {TypeError | RangeError} as `webSocketResourceOptions` does.
 */
export function checkForProtocolOptions(owner: string, given: object | undefined): void {
  checkOptions(owner, given, FOR_PROTOCOL_RULES, INSTEAD_FOR_PROTOCOL)
}
