import type { Request } from '@ropewalk/http'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'

/**
 * Decides who opens a WebSocket, before the 101: returns the user, or a promise of one. The protocol has it as
 * `this.user`.
 *
 * - `false`, `null` or `undefined` refuses with 403.
 * - A `Response` refuses, and is sent.
 * - A thrown HTTPError refuses with its status, message and headers, as in `throw new HTTPError(401)`.
 *
 * Headers and cookies that are set on the request go into the 101. `request.signal` is aborted when the client
 * leaves.
 */
export type Authenticate<User> = (request: Request) => Authenticated<User> | PromiseLike<Authenticated<User>>

/** A user, or a refusal. */
export type Authenticated<User> = User | Response | false | null | undefined

/** The type of `this.user` of a protocol. For a union of classes it is a user that suits each of them. */
export type UserOf<P> = UserReceiver<P> extends (user: infer User) => void ? User : never

/** A union of functions is called with the intersection of their parameters. */
type UserReceiver<P> = P extends WebSocketProtocol<infer User> ? (user: User) => void : never

/** What has been decided before a protocol is built. */
export interface AcceptedHandshake<User = unknown> {
  /** The subprotocol that was chosen; undefined when none was. */
  readonly subprotocol: string | undefined
  /** What `authenticate` has returned; undefined without one. */
  readonly user: User
}
