/**
 * The WebSocket of browsers, for programs that expect that interface.
 *
 * @module
 */
export { CloseEvent, ErrorEvent } from './web/events.ts'
export type { WebSocketEventMap } from './web/event-listeners.ts'
export { type BinaryType, WebSocket, type WebSocketInit } from './web/web-socket.ts'
