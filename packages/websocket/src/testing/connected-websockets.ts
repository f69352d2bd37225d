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
import { WebSocketResource } from '../server/websocket-resource.ts'
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
export interface ConnectedWebSocketsOptions extends OpenWebSocketOptions {
  /** The options of the WebSocketResource on the server. Default: those of a WebSocketResource. */
  readonly server?: GivenOptions<WebSocketResourceOptions> | undefined
}

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
export async function connectedWebSockets(
  serverProtocol: WebSocketProtocol,
  clientProtocol: WebSocketProtocol,
  options: ConnectedWebSocketsOptions = {},
): Promise<ConnectedWebSockets> {
  checkValue('connectedWebSockets', 'serverProtocol', serverProtocol, PROTOCOL)
  checkValue('connectedWebSockets', 'clientProtocol', clientProtocol, PROTOCOL)
  checkOptions('connectedWebSockets', options, CONNECTED_RULES)
  const { server, ...others } = options
  const resource = new WebSocketResource(new OneServer(serverProtocol), server)
  const opened = await openWebSocket(new Site(resource), clientProtocol, others)
  return { ...opened, server: serverProtocol.transport }
}

/** Builds the protocol that it was given. */
class OneServer extends WebSocketServerFactory {
  readonly #protocol: WebSocketProtocol

  constructor(protocol: WebSocketProtocol) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): WebSocketProtocol {
    return this.#protocol
  }

  override selectSubprotocol([first]: readonly string[]): string | undefined {
    return first
  }
}

const CONNECTED_RULES: OptionRules<ConnectedWebSocketsOptions> = { ...RULES, server: anything }
