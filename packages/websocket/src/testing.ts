/**
 * Pairs of WebSockets in memory.
 *
 * @module
 */
export {
  connectedWebSockets,
  type ConnectedWebSockets,
  type ConnectedWebSocketsOptions,
  type ConnectedWebSocketsOptionsFor,
} from './testing/connected-websockets.ts'
export { type OpenedWebSocket, openWebSocket, type OpenWebSocketOptions } from './testing/open-websocket.ts'
