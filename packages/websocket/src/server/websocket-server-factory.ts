import type { Request } from '@ropewalk/http'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import type { ProtocolClass } from './subprotocol-classes.ts'
import type { AcceptedHandshake, UserOf } from './authentication.ts'

/** Builds a protocol for each WebSocket, and keeps the state that they share. */
export abstract class WebSocketServerFactory<P extends WebSocketProtocol = WebSocketProtocol> {
  /**
   * The protocols of the open WebSockets, from before `negotiationFinished` until the connection is gone, in
   * the order in which they opened. One that is closing is still in it; what it is sent is dropped.
   */
  readonly connections: ReadonlySet<P> = new Set<P>()

  /**
   * Returns the protocol for one WebSocket, or a promise of it. The response to the handshake is sent
   * afterwards: headers set on the request go into it. Undefined or null refuses with 403.
   *
   * If the client leaves while the promise is pending, `request.signal` is aborted. If a protocol is built
   * all the same, its `negotiationStarted` and `connectionLost` are called.
   *
   * @param accepted The subprotocol and the user, which have been decided before.
   * @throws {HTTPError} to refuse with that status, as in `throw new HTTPError(401)`.
   */
  abstract buildProtocol(
    request: Request,
    accepted: AcceptedHandshake<UserOf<P>>,
  ): P | null | undefined | PromiseLike<P | null | undefined>

  /**
   * Chooses one of the subprotocols that the client offers, or returns a promise of it. It is called before
   * `buildProtocol`. Undefined, the default, chooses no subprotocol. A browser that has offered one closes then.
   *
   * @param _offered In the client's order of preference.
   * @throws {HTTPError} to refuse with that status, as in `throw new HTTPError(400)`.
   */
  selectSubprotocol(_offered: readonly string[], _request: Request): ChosenSubprotocol {
    return undefined
  }
}

/** A subprotocol, none, or a promise of it. */
export type ChosenSubprotocol = string | null | undefined | PromiseLike<string | null | undefined>

/** Builds a `new ProtocolClass()` for each WebSocket, or one of a class that depends on the subprotocol. */
export class WebSocketClassFactory<P extends WebSocketProtocol> extends WebSocketServerFactory<P> {
  readonly #ProtocolClass: ProtocolClass<P>
  readonly #classes: ReadonlyMap<string, ProtocolClass<P>>

  /** @param classes The class for each subprotocol; `ProtocolClass` is for clients that offer none of them. */
  constructor(ProtocolClass: ProtocolClass<P>, classes: ReadonlyMap<string, ProtocolClass<P>> = new Map()) {
    super()
    this.#ProtocolClass = ProtocolClass
    this.#classes = classes
  }

  override buildProtocol(_request?: Request, accepted?: AcceptedHandshake): P {
    const chosen = this.#classes.get(accepted?.subprotocol ?? '')
    return new (chosen ?? this.#ProtocolClass)()
  }

  /** The first one, in the client's order, for which there is a class. */
  override selectSubprotocol(offered: readonly string[]): string | undefined {
    return offered.find((name) => this.#classes.has(name))
  }
}
