import { CloseCode } from '../codec/close-frame.ts'
import {
  checkOptions,
  checkValue,
  flag,
  type GivenOptions,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { AllowedHosts, type RenderResult, type Request, Resource } from '@ropewalk/http'
import { CLOSE_CODE_RULE, CLOSE_REASON_RULE } from '../connection/close-rules.ts'
import { CheckedWebSocketOptions } from '../connection/websocket-options.ts'
import { PROTOCOL_CLASS } from '../connection/protocol-class.ts'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { readHandshake } from '../handshake/opening-handshake.ts'
import { checkOrigin, type OriginPolicy } from '../handshake/origin-policy.ts'
import type { Authenticate, UserOf } from './authentication.ts'
import { HandshakeCourse, type HandshakeSetup } from './handshake-course.ts'
import { OpenConnections } from './open-connections.ts'
import { classesOf, type ProtocolClass, type ProtocolsOf, type Subprotocols } from './subprotocol-classes.ts'
import {
  checkForProtocolOptions,
  type WebSocketResourceOptions,
  webSocketResourceOptions,
} from './websocket-resource-options.ts'
import { WebSocketClassFactory, WebSocketServerFactory } from './websocket-server-factory.ts'

/** The options of a resource whose protocols have a `User`: with `authenticate`, unless that may be undefined. */
export type ResourceOptionsFor<User, More = unknown> = undefined extends User
  ? (GivenOptions<WebSocketResourceOptions<User>> & More) | undefined
  : GivenOptions<WebSocketResourceOptions<User>> & Required<Authenticating<User>> & More

/** Accepts a protocol whose user may be undefined. For others, the message is what the compiler reports. */
export type WithoutUser<P> =
  undefined extends UserOf<P> ? unknown : 'the option authenticate is missing: it returns this.user'

/** The option that makes users. */
export interface Authenticating<User> {
  readonly authenticate?: Authenticate<User>
}

/** A further option of `WebSocketResource.forProtocol`. */
export interface ForProtocolOptions<S extends Subprotocols<WebSocketProtocol>> {
  /**
   * The subprotocols that are supported: the first one that the client offers is chosen. An object has the class
   * for each, and the first argument is for clients that offer none of them. Default: none is chosen.
   */
  readonly subprotocols?: S | undefined
}

/** Options of `closeConnections`. */
export interface CloseConnectionsOptions {
  /**
   * Whether this resource refuses all handshakes from now on, and those under way, with 503. The promise waits for
   * those too. Default false.
   */
  readonly refuseNew?: boolean | undefined
}

/** Opens WebSockets at its place in a site, and at every path below it. */
export class WebSocketResource<P extends WebSocketProtocol = WebSocketProtocol> extends Resource {
  override readonly isLeaf = true
  readonly #setup: HandshakeSetup<P>
  readonly #origins: OriginPolicy
  readonly #hosts: AllowedHosts | undefined

  constructor(factory: WebSocketServerFactory<P> & WithoutUser<P>)
  /**
   * @throws {TypeError} when `factory` does not extend WebSocketServerFactory, an option does not exist or has the
   *   wrong type, or a host cannot be read.
   * @throws {RangeError} when an option is out of range, or an origin is not written as browsers send it.
   */
  constructor(factory: WebSocketServerFactory<P>, options: ResourceOptionsFor<UserOf<P>>)
  constructor(factory: WebSocketServerFactory<P>, given?: GivenOptions<WebSocketResourceOptions<UserOf<P>>>) {
    super()
    checkValue('WebSocketResource', 'factory', factory, FACTORY)
    const options = webSocketResourceOptions('WebSocketResource', given)
    const connections: ReadonlySet<WebSocketProtocol> = factory.connections
    this.#setup = {
      factory,
      // Read-only is for programs.
      connections: new OpenConnections(options, connections as Set<WebSocketProtocol>),
      authenticate: given?.authenticate,
      channelOptions: new CheckedWebSocketOptions(options),
      timeoutMs: options.handshakeTimeoutMs,
    }
    this.#origins = options.origins
    if (options.hosts !== undefined) this.#hosts = new AllowedHosts(options.hosts)
  }

  /**
   * Returns a resource that makes a `new Class()` for each WebSocket.
   *
   * @throws {TypeError} when `Class` does not extend WebSocketProtocol, and as the constructor does.
   * @throws {RangeError} as the constructor does.
   */
  static forProtocol<P extends WebSocketProtocol>(
    Class: ProtocolClass<P> & WithoutUser<P>,
  ): WebSocketResource<P>
  static forProtocol<
    P extends WebSocketProtocol,
    S extends Subprotocols<WebSocketProtocol> = Subprotocols<P>,
  >(
    Class: ProtocolClass<P>,
    options: ResourceOptionsFor<UserOf<P | ProtocolsOf<S>>, ForProtocolOptions<S>>,
  ): WebSocketResource<P | ProtocolsOf<S>>
  static forProtocol<P extends WebSocketProtocol>(
    Class: ProtocolClass<P>,
    given?: GivenOptions<WebSocketResourceOptions<UserOf<P>>> & ForProtocolOptions<Subprotocols<P>>,
  ): WebSocketResource<P> {
    checkValue(FOR_PROTOCOL, 'ProtocolClass', Class, PROTOCOL_CLASS)
    checkForProtocolOptions(FOR_PROTOCOL, given)
    const { subprotocols, ...options } = given ?? {}
    const factory = new WebSocketClassFactory<P>(Class, classesOf(Class, subprotocols))
    // The overloads require `authenticate`.
    return new WebSocketResource<P>(factory, options as ResourceOptionsFor<UserOf<P>>)
  }

  /** The protocols of the open WebSockets: `connections` of the factory, which several resources may share. */
  get connections(): ReadonlySet<P> {
    return this.#setup.factory.connections
  }

  /**
   * Closes all open WebSockets of this resource, each after its pending callbacks, for `drainGraceMs` at most.
   * Resolves when their connections are gone. The reactor and the rest of the site continue.
   *
   *     await chat.closeConnections(1012, 'A new version starts', { refuseNew: true })
   *
   * @param code Default 1001.
   * @throws {TypeError | RangeError} (rejects) for a code or reason that cannot be sent, or an unknown option.
   */
  async closeConnections(
    code: number = CloseCode.goingAway,
    reason: string = '',
    options: CloseConnectionsOptions = {},
  ): Promise<void> {
    checkValue('closeConnections', 'code', code, CLOSE_CODE_RULE)
    checkValue('closeConnections', 'reason', reason, CLOSE_REASON_RULE)
    checkOptions('closeConnections', options, CLOSE_RULES)
    await this.#setup.connections.closeAll(code, reason, options.refuseNew ?? false)
  }

  /**
   * Responds to an opening handshake. `render_…` methods of a subclass are not called.
   *
   * If the client leaves before the protocol is built, or the handshake fails afterwards, the protocol's
   * `negotiationStarted` and `connectionLost` are called.
   *
   * @throws {HTTPError} 405, 426 or 400 when the handshake is malformed, 421 when the host and 403 when the origin
   *   is not allowed, 503 when there are `maxConnections` or `closeConnections` refuses new ones, 403 when
   *   `authenticate` refuses or the factory returns undefined or null. As `authenticate` and the factory throw.
   * @throws {RangeError} when the factory chooses a subprotocol that was not offered.
   * @throws {TypeError} when the factory returns something other than a WebSocketProtocol.
   */
  override render(request: Request): RenderResult {
    const handshake = readHandshake(request)
    this.#hosts?.check(request)
    checkOrigin(request, this.#origins)
    return new HandshakeCourse(this.#setup, request, handshake, this.#setup.connections.admit()).run()
  }
}

const CLOSE_RULES: OptionRules<CloseConnectionsOptions> = { refuseNew: flag }
const FOR_PROTOCOL = 'WebSocketResource.forProtocol'
const FACTORY: OptionRule = (value) =>
  value instanceof WebSocketServerFactory ? undefined : { kind: 'type', wanted: 'a WebSocketServerFactory' }
