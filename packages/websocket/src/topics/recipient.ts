import { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { WebSocketTransport } from '../connection/websocket-transport.ts'

/** An open WebSocket: its protocol or its transport. */
export type Recipient = WebSocketProtocol | WebSocketTransport

/** Whether a value is a recipient. */
export function isRecipient(value: unknown): value is Recipient {
  return value instanceof WebSocketProtocol || value instanceof WebSocketTransport
}

/**
 * Returns the transport of a recipient.
 *
 * @throws {Error} when it is a protocol before `negotiationStarted`.
 */
export function transportOf(recipient: Recipient): WebSocketTransport {
  return recipient instanceof WebSocketProtocol ? recipient.transport : recipient
}

/** Returns the transport of a recipient; undefined for a protocol before `negotiationStarted`. */
export function startedTransportOf(recipient: Recipient): WebSocketTransport | undefined {
  try {
    return transportOf(recipient)
  } catch {
    return undefined
  }
}
