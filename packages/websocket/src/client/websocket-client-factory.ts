import { checkValue } from '@ropewalk/core/options'
import type { Agreement, OpeningResponse } from '../connection/opening.ts'
import { PROTOCOL_CLASS } from '../connection/protocol-class.ts'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'

/** Builds a protocol for each WebSocket that a client opens, and keeps the state that they share. */
export abstract class WebSocketClientFactory<P extends WebSocketProtocol = WebSocketProtocol> {
  /**
   * Returns a factory that makes `new ProtocolClass(...args)` for each WebSocket.
   *
   * @throws {TypeError} when `ProtocolClass` does not extend WebSocketProtocol.
   */
  static forProtocol<P extends WebSocketProtocol, A extends unknown[]>(
    ProtocolClass: new (...args: A) => P,
    ...args: A
  ): WebSocketClientFactory<P> {
    checkValue('WebSocketClientFactory.forProtocol', 'ProtocolClass', ProtocolClass, PROTOCOL_CLASS)
    return new ClassFactory(ProtocolClass, args)
  }

  /**
   * Returns the protocol for one WebSocket, or a promise of it: messages wait until then. It is called when the
   * server's 101 was received and checked. Undefined or null closes the connection; `connect` then rejects with a
   * NoProtocol, and so it does with what is thrown as its cause.
   *
   * If the connection ends while the promise is pending, `connect` rejects. If a protocol is built all the same, its
   * `negotiationStarted` and `connectionLost` are called.
   *
   * @param agreement The subprotocol that the server chose: another class may be built for each.
   */
  abstract buildProtocol(
    response: OpeningResponse,
    agreement: Agreement,
  ): P | null | undefined | PromiseLike<P | null | undefined>

  /** Called before each attempt to connect. */
  doStart(): unknown {
    return undefined
  }

  /** Called when an attempt has failed, or its connection is gone. */
  doStop(): unknown {
    return undefined
  }
}

class ClassFactory<P extends WebSocketProtocol, A extends unknown[]> extends WebSocketClientFactory<P> {
  readonly #ProtocolClass: new (...args: A) => P
  readonly #args: A

  constructor(ProtocolClass: new (...args: A) => P, args: A) {
    super()
    this.#ProtocolClass = ProtocolClass
    this.#args = args
  }

  override buildProtocol(): P {
    return new this.#ProtocolClass(...this.#args)
  }
}
