import {
  anything,
  checkOptions,
  checkValue,
  type GivenOptions,
  type OptionRules,
} from '@ropewalk/core/options'
import { Site } from '@ropewalk/http'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import type { WebSocketTransport } from '../connection/websocket-transport.ts'
import type { UserOf } from '../server/authentication.ts'
import { type ResourceOptionsFor, WebSocketResource, type WithoutUser } from '../server/websocket-resource.ts'
import type { WebSocketResourceOptions } from '../server/websocket-resource-options.ts'
import { WebSocketServerFactory } from '../server/websocket-server-factory.ts'
import {
  type OpenedWebSocket,
  openWebSocket,
  type OpenWebSocketOptions,
  PROTOCOL,
  RULES,
} from './open-websocket.ts'

/** Options of `connectedWebSockets`. */
export interface ConnectedWebSocketsOptions<User = unknown> extends OpenWebSocketOptions {
  /** The options of the WebSocketResource on the server. Default: those of a WebSocketResource. */
  readonly server?: GivenOptions<WebSocketResourceOptions<User>> | undefined
}

/** These options for a server protocol that has a `User`: with `authenticate`, unless that may be undefined. */
export type ConnectedWebSocketsOptionsFor<User> = undefined extends User
  ? ConnectedWebSocketsOptions<User> | undefined
  : ConnectedWebSocketsOptions<User> & { readonly server: ResourceOptionsFor<User> }

/** Two protocols that are connected by an open WebSocket. */
export interface ConnectedWebSockets extends OpenedWebSocket {
  /** The transport of the server's protocol. */
  readonly server: WebSocketTransport
}

/**
 * Connects two protocols in memory by a WebSocket.
 *
 *     const { client, settle } = await connectedWebSockets(new Echo(), recorder)
 *     client.sendTextMessage('hi')
 *     await settle()
 *
 * The opening handshake and all frames are real: see `openWebSocket`. If the client offers subprotocols, the server
 * chooses the first.
 *
 * @throws {ConnectionRejected} (rejects) when an option of the server refuses the client.
 * @throws {TypeError | RangeError} (rejects) when an argument or option has a wrong name, type or value.
 * @throws {Error} (rejects) when `timeoutMs` has passed.
 */
export function connectedWebSockets<P extends WebSocketProtocol>(
  serverProtocol: P & WithoutUser<P>,
  clientProtocol: WebSocketProtocol,
): Promise<ConnectedWebSockets>
export function connectedWebSockets<P extends WebSocketProtocol>(
  serverProtocol: P,
  clientProtocol: WebSocketProtocol,
  options: ConnectedWebSocketsOptionsFor<UserOf<P>>,
): Promise<ConnectedWebSockets>
export async function connectedWebSockets<P extends WebSocketProtocol>(
  serverProtocol: P,
  clientProtocol: WebSocketProtocol,
  options: ConnectedWebSocketsOptions<UserOf<P>> = {},
): Promise<ConnectedWebSockets> {
  checkValue('connectedWebSockets', 'serverProtocol', serverProtocol, PROTOCOL)
  checkValue('connectedWebSockets', 'clientProtocol', clientProtocol, PROTOCOL)
  checkOptions('connectedWebSockets', options, CONNECTED_RULES)
  const { server, ...others } = options
  // The overloads require `authenticate`.
  const given = server as ResourceOptionsFor<UserOf<P>>
  const resource = new WebSocketResource<P>(new OneServer(serverProtocol), given)
  const opened = await openWebSocket(new Site(resource), clientProtocol, others)
  return { ...opened, server: serverProtocol.transport }
}

/** Builds the protocol that it was given. */
class OneServer<P extends WebSocketProtocol> extends WebSocketServerFactory<P> {
  readonly #protocol: P

  constructor(protocol: P) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): P {
    return this.#protocol
  }

  override selectSubprotocol([first]: readonly string[]): string | undefined {
    return first
  }
}

const CONNECTED_RULES: OptionRules<ConnectedWebSocketsOptions> = { ...RULES, server: anything }
