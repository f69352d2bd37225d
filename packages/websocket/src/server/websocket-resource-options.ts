import {
  DEFAULT_WEBSOCKET_OPTIONS,
  WEBSOCKET_OPTION_RULES,
  type WebSocketOptions,
} from '../connection/websocket-options.ts'
import { originPolicy, type OriginPolicy } from '../handshake/origin-policy.ts'
import { type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'

/** The options of a WebSocketResource: those of each of its WebSockets, and which clients it accepts. */
export interface WebSocketResourceOptions extends WebSocketOptions {
  /** Which pages may open the WebSocket. Default `same`. */
  readonly origins: OriginPolicy
}

/** The default options of a WebSocketResource. */
export const DEFAULT_WEBSOCKET_RESOURCE_OPTIONS: WebSocketResourceOptions = {
  ...DEFAULT_WEBSOCKET_OPTIONS,
  origins: 'same',
}

const RULES: OptionRules<WebSocketResourceOptions> = {
  ...WEBSOCKET_OPTION_RULES,
  origins: originPolicy,
}

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
  return withDefaults(owner, DEFAULT_WEBSOCKET_RESOURCE_OPTIONS, given, RULES)
}
