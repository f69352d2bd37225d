import type { Transport } from '@ropewalk/core'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { Traffic } from './traffic.ts'
import type { WebSocketClosed } from './websocket-connection.ts'
import { messagesAreObserved, publishClose, publishMessage, publishOpen } from './websocket-events.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/** Counts the traffic of one WebSocket, and publishes what happens to it. */
export class TrafficCount {
  readonly #beneath: Transport
  readonly #transport: WebSocketTransport
  readonly #protocol: WebSocketProtocol
  readonly #openedAtMs: number
  /** What the connection had written before the first frame. */
  readonly #writtenBefore: number
  #messagesReceived = 0
  #messagesSent = 0
  #bytesReceived = 0
  /** The message that is received in parts. */
  #partial: { readonly kind: MessageKind; bytes: number } | undefined

  /** @param beneath The transport of the connection. */
  constructor(beneath: Transport, transport: WebSocketTransport, protocol: WebSocketProtocol) {
    this.#beneath = beneath
    this.#transport = transport
    this.#protocol = protocol
    this.#openedAtMs = beneath.reactor.now()
    this.#writtenBefore = beneath.writtenBytes
  }

  /** The counts as they are now. */
  get now(): Traffic {
    return {
      messagesReceived: this.#messagesReceived,
      messagesSent: this.#messagesSent,
      bytesReceived: this.#bytesReceived,
      // An abort drops what is queued.
      bytesSent: Math.max(0, this.#beneath.writtenBytes - this.#writtenBefore),
    }
  }

  /** The WebSocket is open. */
  opened(): void {
    publishOpen({ transport: this.#transport, protocol: this.#protocol })
  }

  /** The peer has sent bytes. */
  bytesReceived(bytes: number): void {
    this.#bytesReceived += bytes
  }

  /** A whole message was received. `content` is it, or its number of bytes. */
  messageReceived(kind: MessageKind, content: string | Uint8Array | number): void {
    this.#messagesReceived++
    if (messagesAreObserved()) this.#publish('received', kind, content)
  }

  /** A message that is received in parts has begun. */
  messageBegun(kind: MessageKind): void {
    this.#partial = { kind, bytes: 0 }
  }

  /** A part of it was received. */
  contentReceived(bytes: number): void {
    if (this.#partial !== undefined) this.#partial.bytes += bytes
  }

  /** It is whole. */
  messageEnded(): void {
    const partial = this.#partial
    this.#partial = undefined
    if (partial !== undefined) this.messageReceived(partial.kind, partial.bytes)
  }

  /** A message was sent or queued. */
  messageSent(kind: MessageKind, content: string | Uint8Array | number): void {
    this.#messagesSent++
    if (messagesAreObserved()) this.#publish('sent', kind, content)
  }

  /** The WebSocket is gone. */
  closed(reason: WebSocketClosed): void {
    publishClose(() => ({
      transport: this.#transport,
      protocol: this.#protocol,
      reason,
      traffic: this.now,
      durationMs: this.#beneath.reactor.now() - this.#openedAtMs,
    }))
  }

  #publish(direction: 'received' | 'sent', kind: MessageKind, content: string | Uint8Array | number): void {
    publishMessage({
      transport: this.#transport,
      protocol: this.#protocol,
      direction,
      kind,
      bytes: bytesOf(content),
    })
  }
}

function bytesOf(content: string | Uint8Array | number): number {
  if (typeof content === 'number') return content
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}
