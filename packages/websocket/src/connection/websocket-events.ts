import { type Channel, channel } from 'node:diagnostics_channel'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { Traffic } from './traffic.ts'
import type { WebSocketClosed } from './websocket-connection.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/**
 * The messages about WebSockets published on `node:diagnostics_channel`, by the name of the channel. These are
 * a public contract. While a channel has no subscriber, no message is created for it.
 */
export interface WebSocketDiagnosticEvents {
  /** A WebSocket is open, on either side. Published before the protocol's `negotiationFinished`. */
  'ropewalk.websocket.open': {
    readonly transport: WebSocketTransport
    readonly protocol: WebSocketProtocol
  }
  /** A whole message was received, and is about to be delivered, or was queued to be sent. */
  'ropewalk.websocket.message': {
    readonly transport: WebSocketTransport
    readonly protocol: WebSocketProtocol
    readonly direction: 'received' | 'sent'
    readonly kind: MessageKind
    /** Bytes of its content; of text, in UTF-8. */
    readonly bytes: number
  }
  /** A WebSocket is gone. Published after the protocol's `connectionLost`. */
  'ropewalk.websocket.close': {
    readonly transport: WebSocketTransport
    readonly protocol: WebSocketProtocol
    readonly reason: WebSocketClosed
    readonly traffic: Traffic
    /** From `open` on. */
    readonly durationMs: number
  }
}

/** Whether messages are published. */
export function messagesAreObserved(): boolean {
  return MESSAGE.hasSubscribers
}

/** Publishes that a WebSocket is open. */
export function publishOpen(event: Events['ropewalk.websocket.open']): void {
  if (OPEN.hasSubscribers) OPEN.publish(event)
}

/** Publishes a message. */
export function publishMessage(event: Events['ropewalk.websocket.message']): void {
  MESSAGE.publish(event)
}

/** Publishes that a WebSocket is gone. */
export function publishClose(make: () => Events['ropewalk.websocket.close']): void {
  if (CLOSE.hasSubscribers) CLOSE.publish(make())
}

type Events = WebSocketDiagnosticEvents

const OPEN: Channel = channel('ropewalk.websocket.open')
const MESSAGE: Channel = channel('ropewalk.websocket.message')
const CLOSE: Channel = channel('ropewalk.websocket.close')
