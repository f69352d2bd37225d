import type { Request } from '@ropewalk/http'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'

/** Builds a protocol for each WebSocket, and keeps the state that they share. */
export abstract class WebSocketServerFactory<P extends WebSocketProtocol = WebSocketProtocol> {
  /**
   * Returns the protocol for one WebSocket, or a promise of it. The response to the handshake is sent
   * afterwards: headers set on the request go into it. Undefined or null refuses with 403.
   *
   * If the client leaves while the promise is pending, `request.signal` is aborted. If a protocol is built
   * all the same, its `negotiationStarted` and `connectionLost` are called.
   *
   * @throws {HTTPError} to refuse with that status, as in `throw new HTTPError(401)`.
   */
  abstract buildProtocol(request: Request): P | null | undefined | PromiseLike<P | null | undefined>

  /**
   * Chooses one of the subprotocols that the client offers. Undefined, the default, chooses no subprotocol.
   *
   * @param offered In the client's order of preference.
   */
  selectSubprotocol(_offered: readonly string[], _request: Request): string | null | undefined {
    return undefined
  }
}

/** Builds `new ProtocolClass(...args)` for each WebSocket. */
export class WebSocketClassFactory<
  P extends WebSocketProtocol,
  A extends unknown[],
> extends WebSocketServerFactory<P> {
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
