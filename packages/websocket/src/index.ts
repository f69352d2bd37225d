/**
 * WebSockets on a site, and WebSocket clients.
 *
 * @module
 */
export type { DeflateAgreement } from './deflate/deflate-agreement.ts'
export type { DeflateOptions, GivenDeflateOptions } from './deflate/deflate-options.ts'
export type { SendOptions } from './connection/send-options.ts'
export { IncompleteMessageError, SilentPeerError, WebSocketError, type WebSocketViolation } from './errors.ts'
export { ConnectionRejected, WebSocketHandshakeError } from './client/client-errors.ts'
export { connectWebSocket, type ConnectWebSocketOptions } from './client/connect-websocket.ts'
export { ConnectedWebSocket } from './connection/connected-websocket.ts'
export { WebSocketClientEndpoint } from './client/websocket-client-endpoint.ts'
export { WebSocketClientFactory } from './client/websocket-client-factory.ts'
export type { WebSocketClientOptions } from './client/websocket-client-options.ts'
export type { HandshakeViolation } from './handshake/client-handshake.ts'
export type { OriginPolicy, OriginPredicate } from './handshake/origin-policy.ts'
export { WebSocketChannel, type WebSocketChannelSetup } from './connection/websocket-channel.ts'
export type {
  Agreement,
  ClientOpening,
  Opening,
  OpeningResponse,
  ServerOpening,
} from './connection/opening.ts'
export { WebSocketMessage } from './connection/incoming-message.ts'
export type { ChannelWatch, WatchedChannel } from './connection/channel-watch.ts'
export type { SendStatus } from './connection/outbox.ts'
export type { Traffic } from './connection/traffic.ts'
export type { WebSocketDiagnosticEvents } from './connection/websocket-events.ts'
export type { MessageSource, SendMessageOptions } from './connection/outgoing-stream.ts'
export type { QueueOptions, WhenFull } from './connection/queue-options.ts'
export type { WebSocketClosed } from './connection/websocket-connection.ts'
export type { WebSocketOptions } from './connection/websocket-options.ts'
export { WebSocketProtocol } from './connection/websocket-protocol.ts'
export type { AcceptedHandshake, Authenticate, Authenticated, UserOf } from './server/authentication.ts'
export type { ProtocolClass, ProtocolsOf, Subprotocols } from './server/subprotocol-classes.ts'
export type { WebSocketResourceOptions } from './server/websocket-resource-options.ts'
export {
  type Authenticating,
  type CloseConnectionsOptions,
  type ForProtocolOptions,
  type ResourceOptionsFor,
  WebSocketResource,
  type WithoutUser,
} from './server/websocket-resource.ts'
export { type ChosenSubprotocol, WebSocketServerFactory } from './server/websocket-server-factory.ts'
export { WebSocketTransport } from './connection/websocket-transport.ts'
