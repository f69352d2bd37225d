import type { Request } from '@ropewalk/http'
import type { WebSocketProtocol } from './websocket-protocol.ts'

/** Makes a protocol for every WebSocket that clients open, and holds what they share. */
export abstract class WebSocketServerFactory<P extends WebSocketProtocol = WebSocketProtocol> {
  /**
   * Returns the protocol for one WebSocket, or a promise of it, before the handshake is answered. Undefined or null
   * refuses with 403. Headers set on the request go into the answer.
   *
   * A client may leave while the promise is pending: `request.signal` is aborted then, and a protocol that is built all
   * the same gets `negotiationStarted` and `connectionLost`.
   *
   * @throws {HTTPError} to refuse with that status, as in `throw new HTTPError(401)`.
   */
  abstract buildProtocol(request: Request): P | null | undefined | PromiseLike<P | null | undefined>

  /**
   * Chooses one of the subprotocols the client offers; undefined for none, the default.
   *
   * @param offered The one the client likes best first.
   */
  selectSubprotocol(_offered: readonly string[], _request: Request): string | null | undefined {
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
