import { type Reactor, reactor as defaultReactor } from '@ropewalk/core'
import type { ConnectOptions } from '@ropewalk/core/endpoints'
import { checkValue, type GivenOptions, having } from '@ropewalk/core/options'
import { ConnectedWebSocket } from '../connection/connected-websocket.ts'
import { WebSocketClientEndpoint } from './websocket-client-endpoint.ts'
import { WebSocketClientFactory } from './websocket-client-factory.ts'
import type { WebSocketClientOptions } from './websocket-client-options.ts'

/** The options of `connectWebSocket`: those of a WebSocketClientEndpoint, and which reactor connects. */
export interface ConnectWebSocketOptions extends GivenOptions<WebSocketClientOptions>, ConnectOptions {
  /** Default: the `reactor` of `@ropewalk/core`. */
  readonly reactor?: Reactor | undefined
}

/**
 * Opens a WebSocket.
 *
 *     const socket = await connectWebSocket('ws://127.0.0.1:8080/chat')
 *     await socket.send('hello')
 *     for await (const message of socket) console.log(message)
 *
 * @throws {ConnectError} (rejects) as `connect` of a WebSocketClientEndpoint does.
 * @throws {TypeError | RangeError} (rejects) when an argument or option has a wrong name, type or value.
 */
export async function connectWebSocket(
  url: string | URL,
  options: ConnectWebSocketOptions = {},
): Promise<ConnectedWebSocket> {
  checkValue('connectWebSocket', 'options', options, having('an object'))
  const { reactor = defaultReactor, signal, ...others } = options
  const endpoint = new WebSocketClientEndpoint(reactor, url, others)
  return endpoint.connect(WebSocketClientFactory.forProtocol(ConnectedWebSocket), { signal })
}
