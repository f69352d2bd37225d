import { ConnectionAborted, ConnectionClosed, ConnectionLost } from '@ropewalk/core'
import { isThenable } from '@ropewalk/core/reactor'
import { HTTPError, NOT_DONE_YET, type Rendered, type RenderResult, type Request } from '@ropewalk/http'
import { abandon } from '../connection/gone-connection.ts'
import type { ServerOpening } from '../connection/opening.ts'
import { WebSocketChannel } from '../connection/websocket-channel.ts'
import type { CheckedWebSocketOptions } from '../connection/websocket-options.ts'
import { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { negotiateDeflate } from '../handshake/deflate-negotiation.ts'
import type { OpeningHandshake } from '../handshake/opening-handshake.ts'
import type { Authenticate, UserOf } from './authentication.ts'
import type { OpenConnections } from './open-connections.ts'
import type { WatchedConnection } from './watched-connection.ts'
import type { WebSocketServerFactory } from './websocket-server-factory.ts'

/** The part of a resource that its handshakes share. */
export interface HandshakeSetup<P extends WebSocketProtocol> {
  readonly factory: WebSocketServerFactory<P>
  readonly connections: OpenConnections
  readonly authenticate: Authenticate<UserOf<P>> | undefined
  readonly channelOptions: CheckedWebSocketOptions
  readonly timeoutMs: number
}

/**
 * One handshake that is well-formed and was admitted, up to its 101: `authenticate`, then `selectSubprotocol`, then
 * `buildProtocol`. It waits for their promises only if they return some, and for all of them together no longer
 * than `timeoutMs`.
 */
export class HandshakeCourse<P extends WebSocketProtocol> {
  readonly #setup: HandshakeSetup<P>
  readonly #request: Request
  readonly #handshake: OpeningHandshake
  readonly #connection: WatchedConnection
  #waiting = false

  /** @param connection Its place among the connections of the resource: given back if no channel takes it. */
  constructor(
    setup: HandshakeSetup<P>,
    request: Request,
    handshake: OpeningHandshake,
    connection: WatchedConnection,
  ) {
    this.#setup = setup
    this.#request = request
    this.#handshake = handshake
    this.#connection = connection
  }

  /** Runs it. Throws or rejects as `render` of WebSocketResource states. */
  run(): RenderResult {
    let rendering: RenderResult
    try {
      rendering = this.#authenticate()
    } catch (error) {
      this.#giveBackPlace()
      throw error
    }
    if (typeof rendering !== 'string' && isThenable(rendering)) return this.#rest(rendering)
    this.#giveBackPlace()
    return rendering
  }

  /** The place is given back also when the client leaves and a promise never settles. */
  async #rest(rendering: PromiseLike<Rendered>): Promise<Rendered> {
    void this.#request.finished.then(() => this.#giveBackPlace())
    try {
      return await rendering
    } finally {
      this.#giveBackPlace()
    }
  }

  #giveBackPlace(): void {
    if (!this.#connection.upgraded) this.#connection.lost()
  }

  #authenticate(): RenderResult {
    const { authenticate } = this.#setup
    return authenticate === undefined
      ? this.#select(undefined)
      : this.#then(authenticate(this.#request), (user) => this.#authenticated(user))
  }

  #authenticated(user: unknown): RenderResult {
    if (user instanceof Response) return user
    if (user === undefined || user === null || user === false) {
      if (this.#request.outcome !== undefined) return NOT_DONE_YET
      throw HTTPError.withoutStack(403)
    }
    return this.#select(user)
  }

  #select(user: unknown): RenderResult {
    if (this.#request.outcome !== undefined) return NOT_DONE_YET
    const { factory } = this.#setup
    const chosen = factory.selectSubprotocol(this.#handshake.subprotocols, this.#request)
    return this.#then(chosen, (subprotocol) => this.#build(user, subprotocol ?? undefined))
  }

  /**
   * @throws {RangeError} when the subprotocol was not offered.
   * @throws {HTTPError} 503 when new connections are refused meanwhile.
   */
  #build(user: unknown, subprotocol: string | undefined): RenderResult {
    if (this.#request.outcome !== undefined) return NOT_DONE_YET
    this.#setup.connections.checkAccepting()
    if (subprotocol !== undefined && !this.#handshake.subprotocols.includes(subprotocol))
      throw new RangeError(`Cannot select the subprotocol "${subprotocol}": the client did not offer it`)
    // The types of WebSocketResource require that `authenticate` returns such a user.
    const accepted = { subprotocol, user: user as UserOf<P> }
    const built = this.#setup.factory.buildProtocol(this.#request, accepted)
    return this.#then<unknown>(built, (protocol) => this.#built(protocol, accepted))
  }

  #built(protocol: unknown, accepted: Pick<ServerOpening, 'subprotocol' | 'user'>): Rendered {
    if (protocol === undefined || protocol === null) throw HTTPError.withoutStack(403)
    if (!(protocol instanceof WebSocketProtocol))
      throw new TypeError('Cannot open a WebSocket: buildProtocol must return a WebSocketProtocol')
    const request = this.#request
    const opening: ServerOpening = { role: 'server', request, ...accepted }
    try {
      this.#setup.connections.checkAccepting()
      if (!this.#upgrade(protocol, opening)) abandon(protocol, opening, whyGone(request))
    } catch (error) {
      abandon(protocol, opening, new ConnectionAborted('The WebSocket did not open', { cause: error }))
      throw error
    }
    return NOT_DONE_YET
  }

  /** @returns false when the client has left. */
  #upgrade(protocol: WebSocketProtocol, opening: ServerOpening): boolean {
    const request = this.#request
    const connection = this.#connection
    request.setHeader('Sec-WebSocket-Accept', this.#handshake.accept)
    // What the program has set is not what was agreed on.
    request.responseHeaders.removeHeader('Sec-WebSocket-Protocol')
    if (opening.subprotocol !== undefined) request.setHeader('Sec-WebSocket-Protocol', opening.subprotocol)
    connection.protocol = protocol
    const options = this.#setup.channelOptions
    const deflate = options.deflate && negotiateDeflate(this.#handshake.extensions, options.deflate.options)
    request.responseHeaders.removeHeader('Sec-WebSocket-Extensions')
    if (deflate !== undefined) request.setHeader('Sec-WebSocket-Extensions', deflate.header)
    const { subprotocol, user } = opening
    // Written out rather than spread, which would take more memory.
    const agreed: ServerOpening = { role: 'server', request, subprotocol, user, deflate: deflate?.agreement }
    const channel = new WebSocketChannel({ protocol, opening: agreed, options, watch: connection })
    connection.upgraded = request.upgrade(channel, { protocol: 'websocket' })
    return connection.upgraded
  }

  #then<T>(value: T | PromiseLike<T>, next: (value: T) => RenderResult): RenderResult {
    if (!isThenable(value)) return next(value)
    if (!this.#waiting) this.#request.setResponseTimeout(this.#setup.timeoutMs)
    this.#waiting = true
    return this.#later(value, next)
  }

  async #later<T>(value: PromiseLike<T>, next: (value: T) => RenderResult): Promise<Rendered> {
    return next(await value)
  }
}

function whyGone({ signal }: Request): ConnectionClosed {
  const reason: unknown = signal.reason
  if (reason instanceof ConnectionClosed) return reason
  return new ConnectionLost('The client left before its WebSocket opened')
}
