import type { WebSocketClosed } from './websocket-connection.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/**
 * What happens on one WebSocket: subclass it, and override what you care about.
 *
 * Messages arrive whole, however they were cut into frames, and frames into segments. A callback may return a
 * promise: while one is pending, no further message is delivered. Messages alone wait: pings are answered,
 * `pongReceived` is called, and the peer's leaving aborts `transport.signal` at once. A throw or rejection is
 * logged and closes this WebSocket with 1011, unless it is the connection's own end.
 *
 * A subclass may implement `Drainable`: when the reactor stops, its `drain` is called, and the close frame (1001)
 * is sent once the promise it returns has settled. Messages are delivered meanwhile, and the protocol may close
 * by itself, with another code. Without it no further message is delivered, and callbacks under way are waited
 * for, at most `drainGraceMs`.
 */
export abstract class WebSocketProtocol {
  #transport: WebSocketTransport | undefined

  /**
   * The connection, as messages.
   *
   * @throws {Error} before `negotiationStarted`.
   */
  get transport(): WebSocketTransport {
    if (this.#transport === undefined) throw new Error(TOO_EARLY)
    return this.#transport
  }

  /**
   * The answer to the handshake is on its way. An override must call `super.negotiationStarted`.
   *
   * When the client has left before, or the handshake fails, `connectionLost` follows at once.
   */
  negotiationStarted(transport: WebSocketTransport): unknown {
    this.#transport = transport
    return undefined
  }

  /** The WebSocket is open: messages may be sent. */
  negotiationFinished(): unknown {
    return undefined
  }

  /** A whole text message. */
  textMessageReceived(_text: string): unknown {
    return undefined
  }

  /** A whole binary message. The bytes are yours. */
  bytesMessageReceived(_data: Buffer): unknown {
    return undefined
  }

  /**
   * The peer answered a ping, or sent a pong of its own accord. Called also while messages are held back. While
   * a promise that it returned is pending, only the newest pong is kept.
   */
  pongReceived(_payload: Buffer): unknown {
    return undefined
  }

  /**
   * The WebSocket is gone. The last call: after messages that came before the peer's end were delivered, and
   * callbacks have returned, but at most `departureGraceMs` after the peer left. After a reset, or an end from
   * this side, it is called at once.
   */
  connectionLost(_reason: WebSocketClosed): unknown {
    return undefined
  }
}

const TOO_EARLY =
  'Cannot use the transport before negotiationStarted: an override of it calls super.negotiationStarted(transport) first'
