export {
  connectedWebSockets,
  type ConnectedWebSockets,
  type ConnectedWebSocketsOptions,
} from './testing/connected-websockets.ts'
export { type OpenedWebSocket, openWebSocket, type OpenWebSocketOptions } from './testing/open-websocket.ts'
