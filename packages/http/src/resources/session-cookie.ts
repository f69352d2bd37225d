import { createHmac } from 'node:crypto'
import { cookieValues } from '../codec/cookie.ts'
import type { Request } from '../server/request.ts'
import { equalInConstantTime } from './authentication.ts'

/** How a session's cookie is named, signed and sent. */
export interface SessionCookieOptions {
  readonly name: string
  readonly sameSite: 'strict' | 'lax' | 'none'
  /** The first key signs, and all are accepted. */
  readonly keys: readonly (string | Uint8Array)[]
}

/** The id of a session that a client has sent. */
export interface ReceivedId {
  readonly id: string
  /** Whether the first key has signed it. */
  readonly current: boolean
}

/**
 * The cookie that carries the id of a session, as `id.signature`, for this host alone and without access from
 * scripts.
 *
 * Over https its name has the prefix `__Host-`: browsers accept such a cookie only over https, and only from this
 * host, so that neither another subdomain nor a network without encryption can plant a session.
 *
 * @see RFC 6265bis §4.1.3.2
 */
export class SessionCookie {
  readonly #options: SessionCookieOptions

  constructor(options: SessionCookieOptions) {
    this.#options = options
  }

  /**
   * Returns the id in the request's cookies that we have signed. Undefined when there is none, or when there are
   * two: one of them was planted, and it is not known which.
   */
  read(request: Request): ReceivedId | undefined {
    const name = this.#nameFor(request)
    const values = cookieValues(request.requestHeaders.getRawHeaders('cookie') ?? [], name)
    // Each signature costs time. Browsers send one cookie of a name, or a few with other paths.
    if (values.length > MAX_VALUES) return undefined
    const found = new Map<string, ReceivedId>()
    for (const value of values) {
      const received = this.#verify(name, value)
      if (received !== undefined) found.set(received.id, received)
    }
    return found.size === 1 ? found.values().next().value : undefined
  }

  /** Sends the id. Without `maxAgeSeconds` the browser keeps it until it is closed. */
  set(request: Request, id: string, maxAgeSeconds?: number): void {
    const name = this.#nameFor(request)
    this.#send(request, name, `${id}.${sign(this.#options.keys[0] ?? '', name, id)}`, maxAgeSeconds)
  }

  /** Removes the cookie from the browser. */
  clear(request: Request): void {
    this.#send(request, this.#nameFor(request), '', 0)
  }

  #nameFor(request: Request): string {
    return request.scheme === 'https' ? `__Host-${this.#options.name}` : this.#options.name
  }

  #send(request: Request, name: string, value: string, maxAgeSeconds: number | undefined): void {
    const maxAge = maxAgeSeconds === undefined ? {} : { maxAgeSeconds }
    const secure = request.scheme === 'https'
    // Browsers refuse `none` without Secure.
    const sameSite = secure || this.#options.sameSite !== 'none' ? this.#options.sameSite : 'lax'
    request.addCookie(name, value, { path: '/', httpOnly: true, secure, sameSite, ...maxAge })
  }

  #verify(name: string, value: string): ReceivedId | undefined {
    if (!SIGNED_ID.test(value)) return undefined
    const [id = '', signature = ''] = value.split('.')
    const at = this.#options.keys.findIndex((key) => equalInConstantTime(signature, sign(key, name, id)))
    return at < 0 ? undefined : { id, current: at === 0 }
  }
}

/** The name is signed too, so that a cookie that was read without encryption has no value over https. */
function sign(key: string | Uint8Array, name: string, id: string): string {
  return createHmac('sha256', key).update(`${name}=${id}`).digest('base64url')
}

/** Two times 256 bits in base64url. */
const SIGNED_ID = /^[\w-]{43}\.[\w-]{43}$/
const MAX_VALUES = 4
