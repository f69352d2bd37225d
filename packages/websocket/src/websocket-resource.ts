import { checkValue, type GivenOptions, having, type OptionRule } from '@ropewalk/core/options'
import { NOT_DONE_YET, type Rendered, type RenderResult, type Request, Resource } from '@ropewalk/http'
import { readHandshake } from './handshake/opening-handshake.ts'
import { checkOrigin } from './handshake/origin-policy.ts'
import { WebSocketChannel } from './websocket-channel.ts'
import { type WebSocketOptions, webSocketOptions } from './websocket-options.ts'
import { WebSocketProtocol } from './websocket-protocol.ts'
import { WebSocketClassFactory, type WebSocketServerFactory } from './websocket-server-factory.ts'

/** The place of a site where WebSockets are opened. It answers for everything below it. */
export class WebSocketResource extends Resource {
  override readonly isLeaf = true
  readonly #factory: WebSocketServerFactory
  readonly #options: WebSocketOptions

  /**
   * @throws {TypeError} when `factory` has no `buildProtocol`, an option does not exist or has another type.
   * @throws {RangeError} when an option is out of range, or an origin is one that no browser sends.
   */
  constructor(factory: WebSocketServerFactory, options?: GivenOptions<WebSocketOptions>) {
    super()
    checkValue('WebSocketResource', 'factory', factory, FACTORY)
    this.#factory = factory
    this.#options = webSocketOptions('WebSocketResource', options)
  }

  /**
   * A resource whose WebSockets each get a `new ProtocolClass()`.
   *
   * @throws {TypeError} when `ProtocolClass` does not extend WebSocketProtocol; as the constructor does.
   * @throws {RangeError} as the constructor does.
   */
  static forProtocol(
    ProtocolClass: new () => WebSocketProtocol,
    options?: GivenOptions<WebSocketOptions>,
  ): WebSocketResource {
    checkValue('WebSocketResource.forProtocol', 'ProtocolClass', ProtocolClass, PROTOCOL_CLASS)
    return new WebSocketResource(new WebSocketClassFactory(ProtocolClass, []), options)
  }

  /**
   * Answers an opening handshake, whatever `render_…` methods there are.
   *
   * @throws {HTTPError} 405, 426, 400 for a handshake that is none, 403 for a page's origin that may not.
   */
  override render(request: Request): RenderResult {
    const { accept, subprotocols } = readHandshake(request)
    checkOrigin(request, this.#options.origins)
    const protocol = this.#factory.buildProtocol(request)
    if (protocol instanceof Promise) {
      return protocol.then((built) => this.#upgrade(request, accept, subprotocols, built))
    }
    return this.#upgrade(request, accept, subprotocols, protocol)
  }

  #upgrade(
    request: Request,
    accept: string,
    offered: readonly string[],
    protocol: WebSocketProtocol,
  ): Rendered {
    const subprotocol = this.#factory.selectSubprotocol(offered, request)
    if (subprotocol !== undefined && !offered.includes(subprotocol)) {
      throw new RangeError(`Cannot choose subprotocol "${subprotocol}": the client did not offer it`)
    }
    request.setHeader('Sec-WebSocket-Accept', accept)
    if (subprotocol !== undefined) request.setHeader('Sec-WebSocket-Protocol', subprotocol)
    const channel = new WebSocketChannel({ protocol, request, subprotocol, options: this.#options })
    request.upgrade(channel, { protocol: 'websocket' })
    return NOT_DONE_YET
  }
}

const FACTORY = having('a WebSocketServerFactory', 'buildProtocol', 'selectSubprotocol')
const PROTOCOL_CLASS: OptionRule = (value) => {
  const isOne = typeof value === 'function' && value.prototype instanceof WebSocketProtocol
  return isOne ? undefined : { kind: 'type', wanted: 'a class that extends WebSocketProtocol' }
}
