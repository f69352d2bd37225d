export { WebSocketError, type WebSocketViolation } from './errors.ts'
export type { OriginPolicy, OriginPredicate } from './handshake/origin-policy.ts'
export { WebSocketChannel, type WebSocketChannelSetup } from './connection/websocket-channel.ts'
export type { ChannelWatch, WatchedChannel } from './connection/channel-watch.ts'
export type { ClientOpening, Opening, OpeningResponse, ServerOpening } from './connection/opening.ts'
export type { SendStatus } from './connection/outbox.ts'
export type { WebSocketClosed } from './connection/websocket-connection.ts'
export type { WebSocketOptions } from './connection/websocket-options.ts'
export { WebSocketProtocol } from './connection/websocket-protocol.ts'
export type { AcceptedHandshake, Authenticate, Authenticated, UserOf } from './server/authentication.ts'
export type { ProtocolClass, Subprotocols } from './server/subprotocol-classes.ts'
export type { WebSocketResourceOptions } from './server/websocket-resource-options.ts'
export {
  type Authenticating,
  type ForProtocolOptions,
  type ResourceArguments,
  WebSocketResource,
} from './server/websocket-resource.ts'
export { type ChosenSubprotocol, WebSocketServerFactory } from './server/websocket-server-factory.ts'
export { WebSocketTransport } from './connection/websocket-transport.ts'
