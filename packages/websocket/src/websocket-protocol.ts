import type { WebSocketClosed } from './websocket-closed.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/**
 * What happens on one WebSocket: subclass it, and override what you care about.
 *
 * Messages arrive whole, however they were cut into frames, and frames into segments. While a
 * promise that a callback returned is pending, no further message is delivered. A throw or rejection
 * is logged and closes this WebSocket with 1011.
 */
export abstract class WebSocketProtocol {
  #transport: WebSocketTransport | undefined

  /**
   * The connection, as messages.
   *
   * @throws {Error} before `negotiationStarted`.
   */
  get transport(): WebSocketTransport {
    if (this.#transport === undefined) throw new Error('Cannot use the transport before negotiationStarted')
    return this.#transport
  }

  /** The answer to the handshake is on its way. An override must call `super.negotiationStarted`. */
  negotiationStarted(transport: WebSocketTransport): void {
    this.#transport = transport
  }

  /** The WebSocket is open: messages may be sent. */
  negotiationFinished(): void | Promise<void> {}

  /** A whole text message. */
  textMessageReceived(_text: string): void | Promise<void> {}

  /** A whole binary message. The bytes are yours. */
  bytesMessageReceived(_data: Buffer): void | Promise<void> {}

  /** The peer answered a ping, or sent a pong of its own accord. */
  pongReceived(_payload: Buffer): void | Promise<void> {}

  /** The WebSocket is gone. The last call. */
  connectionLost(_reason: WebSocketClosed): void | Promise<void> {}
}
