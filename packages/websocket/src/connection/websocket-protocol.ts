import type { WebSocketError } from '../errors.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import type { WebSocketMessage } from './incoming-message.ts'
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
 * A protocol that overrides `messageReceived` or `messageBegin` receives messages while they arrive, and
 * `textMessageReceived` and `bytesMessageReceived` are not called.
 *
 * A subclass may implement `Drainable`: when the reactor stops, its `drain` is called, and the close frame
 * (`drainCode`) is sent once the promise it returns has settled. Until then messages are delivered, and the protocol
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
   * Called with each whole text message as UTF-8, which has been checked. If it is overridden,
   * `textMessageReceived` is not called, and text is not decoded. The callback may keep and change the bytes.
   */
  rawTextMessageReceived(_utf8: Buffer): unknown {
    return undefined
  }

  /**
   * Called when a message has begun, if it is overridden. The callback reads the message while it arrives. When
   * it has returned, or the promise that it returned has settled, the rest of the message is discarded.
   *
   * `maxMessageBytes` applies; it may be Infinity. The next message is delivered when the promise has settled.
   */
  messageReceived(_message: WebSocketMessage): unknown {
    return undefined
  }

  /**
   * Called when a message begins, if it is overridden: the protocol receives messages in parts, through this
   * and the three callbacks below. `maxMessageBytes` applies; it may be Infinity. While a promise that one of
   * them returned is pending, none of them is called. If the WebSocket ends within a message, its end is not
   * called, but `connectionLost`.
   */
  messageBegin(_kind: MessageKind): unknown {
    return undefined
  }

  /**
   * Called with each piece of a message as it arrives. A piece of text may begin and end within a character.
   * The callback may keep and change the bytes.
   */
  messageFrameDataReceived(_data: Buffer): unknown {
    return undefined
  }

  /** Called at the end of each frame of a message. */
  messageFrameEnd(): unknown {
    return undefined
  }

  /** Called at the end of a message, after the end of its last frame. */
  messageEnd(): unknown {
    return undefined
  }

  /**
   * Called with the payload of a ping, after its pong was sent; with the option `autoPong: false`, no pong is
   * sent, and this calls `transport.pong(payload)`. It is called also while messages are held back. While a
   * promise that it returned is pending, only the newest ping is kept.
   */
  pingReceived(_payload: Buffer): unknown {
    return undefined
  }

  /**
   * Called with the payload of a pong, which replies to a ping or is unsolicited. It is called also while
   * messages are held back. While a promise that it returned is pending, only the newest pong is kept. It is
   * not called for pings that the WebSocket sends by itself.
   */
  pongReceived(_payload: Buffer): unknown {
    return undefined
  }

  /**
   * Called when the peer sends a message beyond `maxMessageBytes` or `maxFrameBytes`, before its payload is
   * read. By default, and when this returns anything but true, the WebSocket closes with 1009.
   *
   * @returns true to skip the message: its bytes are dropped as they arrive, and the next message is
   *   delivered as usual. The callback may send a reply, or close the WebSocket with a code of its own. A
   *   compressed message, or one that is received in parts and has begun, cannot be skipped: the WebSocket
   *   closes, with 1009 unless the callback has closed it.
   */
  messageTooLarge(_error: WebSocketError): boolean {
    return false
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
