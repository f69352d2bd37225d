import type { WebSocketClosed } from './websocket-connection.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/**
 * Receives the events of one WebSocket: subclass it, and override the callbacks you need.
 *
 * Messages arrive whole, however the peer cut them into frames and segments. A callback may return a promise:
 * while one is pending, no further message is delivered. Only messages wait: pings get their pongs,
 * `pongReceived` is called, and `transport.signal` is aborted as soon as the peer leaves. A throw or
 * rejection is logged and closes this WebSocket with 1011, unless its cause is the end of the connection.
 *
 * A subclass may implement `Drainable`: when the reactor stops, its `drain` is called, and the close frame
 * (1001) is sent once the promise it returns has settled. Until then messages are delivered, and the protocol
 * may close the WebSocket itself, with another code. Without `drain`, no further message is delivered, and
 * the close frame is sent when pending callbacks have settled, after `drainGraceMs` at the latest.
 *
 * `User` is the type of what `authenticate` of a WebSocketResource returns: `this.user`.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- subclasses name it, resources infer it
export abstract class WebSocketProtocol<User = unknown> {
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
   * What the option `authenticate` of the resource has returned; undefined without one, and on a client.
   *
   * @throws {Error} before `negotiationStarted`.
   */
  get user(): User {
    // The types of WebSocketResource require that `authenticate` returns a User.
    return this.transport.user as User
  }

  /**
   * Called first, when the response to the handshake has been queued. An override must call
   * `super.negotiationStarted`.
   *
   * It is called also when the client has left before or the handshake fails; `connectionLost` then follows
   * at once.
   */
  negotiationStarted(transport: WebSocketTransport): unknown {
    this.#transport = transport
    return undefined
  }

  /** Called when the WebSocket is open: messages may be sent. */
  negotiationFinished(): unknown {
    return undefined
  }

  /** Called with each whole text message. */
  textMessageReceived(_text: string): unknown {
    return undefined
  }

  /** Called with each whole binary message. The callback may keep and change the bytes. */
  bytesMessageReceived(_data: Buffer): unknown {
    return undefined
  }

  /**
   * Called with the payload of a pong, which replies to a ping or is unsolicited. It is called also while
   * messages are held back. While a promise that it returned is pending, only the newest pong is kept.
   */
  pongReceived(_payload: Buffer): unknown {
    return undefined
  }

  /**
   * Called last, when the WebSocket is gone. If the peer left, the messages received before are delivered
   * first and pending callbacks are awaited, for at most `departureGraceMs` after the peer left. After a
   * reset, or an end from this side, it is called at once.
   */
  connectionLost(_reason: WebSocketClosed): unknown {
    return undefined
  }
}

const TOO_EARLY =
  'Cannot use the transport before negotiationStarted: an override of it must call super.negotiationStarted(transport) first'
