import { ConnectionAborted, ConnectionClosed, ConnectionLost } from '@ropewalk/core'
import { checkValue, type GivenOptions, having, type OptionRule } from '@ropewalk/core/options'
import {
  HTTPError,
  NOT_DONE_YET,
  type Rendered,
  type RenderResult,
  type Request,
  Resource,
} from '@ropewalk/http'
import { negotiateDeflate } from '../handshake/deflate-negotiation.ts'
import { type OpeningHandshake, readHandshake } from '../handshake/opening-handshake.ts'
import { checkOrigin } from '../handshake/origin-policy.ts'
import { abandon } from '../connection/gone-connection.ts'
import { WebSocketChannel } from '../connection/websocket-channel.ts'
import { type WebSocketResourceOptions, webSocketResourceOptions } from './websocket-resource-options.ts'
import { CheckedWebSocketOptions } from '../connection/websocket-options.ts'
import { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { WebSocketClassFactory, type WebSocketServerFactory } from './websocket-server-factory.ts'

/** Opens WebSockets at its place in a site, and at every path below it. */
export class WebSocketResource extends Resource {
  override readonly isLeaf = true
  readonly #factory: WebSocketServerFactory
  readonly #options: WebSocketResourceOptions
  readonly #channelOptions: CheckedWebSocketOptions

  /**
   * @throws {TypeError} when `factory` lacks a method of WebSocketServerFactory, or an option does not exist
   *   or has the wrong type.
   * @throws {RangeError} when an option is out of range, or an origin is not written as browsers send it.
   */
  constructor(factory: WebSocketServerFactory, options?: GivenOptions<WebSocketResourceOptions>) {
    super()
    checkValue('WebSocketResource', 'factory', factory, FACTORY)
    this.#factory = factory
    this.#options = webSocketResourceOptions('WebSocketResource', options)
    this.#channelOptions = new CheckedWebSocketOptions(this.#options)
  }

  /**
   * Returns a resource that makes a `new ProtocolClass()` for each WebSocket.
   *
   * @throws {TypeError} when `ProtocolClass` does not extend WebSocketProtocol, and as the constructor does.
   * @throws {RangeError} as the constructor does.
   */
  static forProtocol(
    ProtocolClass: new () => WebSocketProtocol,
    options?: GivenOptions<WebSocketResourceOptions>,
  ): WebSocketResource {
    checkValue('WebSocketResource.forProtocol', 'ProtocolClass', ProtocolClass, PROTOCOL_CLASS)
    return new WebSocketResource(new WebSocketClassFactory(ProtocolClass, []), options)
  }

  /**
   * Responds to an opening handshake. `render_…` methods of a subclass are not called.
   *
   * If the client leaves before the protocol is built, or the handshake fails afterwards, the protocol's
   * `negotiationStarted` and `connectionLost` are called.
   *
   * @throws {HTTPError} 405, 426 or 400 when the handshake is malformed, 403 when the origin is not allowed
   *   or the factory returns undefined or null.
   * @throws {RangeError} when the factory chooses a subprotocol that was not offered.
   * @throws {TypeError} when the factory returns something other than a WebSocketProtocol.
   */
  override render(request: Request): RenderResult {
    const handshake = readHandshake(request)
    checkOrigin(request, this.#options.origins)
    const built: unknown = this.#factory.buildProtocol(request)
    if (!isThenable(built)) return this.#built(request, handshake, built)
    return Promise.resolve(built).then((protocol) => this.#built(request, handshake, protocol))
  }

  #built(request: Request, handshake: OpeningHandshake, protocol: unknown): Rendered {
    if (protocol === undefined || protocol === null) throw new HTTPError(403)
    if (!(protocol instanceof WebSocketProtocol)) {
      throw new TypeError('Cannot open a WebSocket: buildProtocol must return a WebSocketProtocol')
    }
    try {
      const upgraded = this.#upgrade(request, handshake, protocol)
      if (!upgraded) abandon(protocol, request, whyGone(request))
    } catch (error) {
      abandon(protocol, request, new ConnectionAborted('The WebSocket did not open', { cause: error }))
      throw error
    }
    return NOT_DONE_YET
  }

  /** @returns false when the client has left. */
  #upgrade(request: Request, handshake: OpeningHandshake, protocol: WebSocketProtocol): boolean {
    const offered = handshake.subprotocols
    const subprotocol = this.#factory.selectSubprotocol(offered, request) ?? undefined
    if (subprotocol !== undefined && !offered.includes(subprotocol)) {
      throw new RangeError(`Cannot select the subprotocol "${subprotocol}": the client did not offer it`)
    }
    request.setHeader('Sec-WebSocket-Accept', handshake.accept)
    if (subprotocol !== undefined) request.setHeader('Sec-WebSocket-Protocol', subprotocol)
    const deflateOptions = this.#channelOptions.deflate?.options
    const deflate = deflateOptions && negotiateDeflate(handshake.extensions, deflateOptions)
    if (deflate !== undefined) request.setHeader('Sec-WebSocket-Extensions', deflate.header)
    const channel = new WebSocketChannel({
      protocol,
      opening: { role: 'server', request, subprotocol, deflate: deflate?.agreement },
      options: this.#channelOptions,
    })
    return request.upgrade(channel, { protocol: 'websocket' })
  }
}

function whyGone({ signal }: Request): ConnectionClosed {
  const reason: unknown = signal.reason
  if (reason instanceof ConnectionClosed) return reason
  return new ConnectionLost('The client left before its WebSocket opened')
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

const FACTORY = having('a WebSocketServerFactory', 'buildProtocol', 'selectSubprotocol')
const PROTOCOL_CLASS: OptionRule = (value) => {
  const isOne = typeof value === 'function' && value.prototype instanceof WebSocketProtocol
  return isOne ? undefined : { kind: 'type', wanted: 'a class that extends WebSocketProtocol' }
}
