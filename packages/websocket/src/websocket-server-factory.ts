import type { Request } from '@ropewalk/http'
import type { WebSocketProtocol } from './websocket-protocol.ts'

/** Makes a protocol for every WebSocket that clients open, and holds what they share. */
export abstract class WebSocketServerFactory<P extends WebSocketProtocol = WebSocketProtocol> {
  /**
   * Answers the protocol for one WebSocket, before the handshake is answered; a promise may take its
   * time. Headers set on the request go into the answer.
   *
   * @throws {HTTPError} to refuse with that status, as in `throw new HTTPError(401)`.
   */
  abstract buildProtocol(request: Request): P | Promise<P>

  /**
   * Chooses one of the subprotocols the client offers; undefined for none, the default.
   *
   * @param offered The one the client likes best first.
   */
  selectSubprotocol(_offered: readonly string[], _request: Request): string | undefined {
    return undefined
  }
}

/** A factory that makes `new ProtocolClass(...args)` for each WebSocket. */
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
