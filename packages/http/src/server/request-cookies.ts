import {
  checkOptions,
  count,
  filledText,
  flag,
  type GivenOptions,
  having,
  oneOf,
  type OptionRules,
} from '@ropewalk/core/options'
import { type CookieOptions, parseCookies, setCookieValue } from '../codec/cookie.ts'
import type { Headers } from '../message/headers.ts'

/** The cookies of one request, and those that its response sets. */
export class RequestCookies {
  readonly #headers: Headers
  #received: ReadonlyMap<string, string> | undefined
  /** The values of Set-Cookie that were added, by what makes two cookies the same. */
  #added: Map<string, string> | undefined

  /** @param headers The headers of the request. */
  constructor(headers: Headers) {
    this.#headers = headers
  }

  /** The cookies that the client sent, by name. */
  get received(): ReadonlyMap<string, string> {
    this.#received ??= parseCookies(this.#headers.getRawHeaders('cookie') ?? [])
    return this.#received
  }

  /**
   * Adds a Set-Cookie line. It replaces one that was added for the same name, domain and path: RFC 6265 §4.1.1 allows
   * one line for each cookie.
   *
   * @param headers The headers of the response.
   */
  add(headers: Headers, name: string, value: string, options: GivenOptions<CookieOptions> = {}): void {
    checkOptions('addCookie', options, COOKIE_OPTION_RULES)
    const given = Object.fromEntries(
      Object.entries(options).filter(([, option]) => option !== undefined),
    ) as CookieOptions
    const line = setCookieValue(name, value, given)
    const identity = [name, given.domain?.toLowerCase(), given.path].join(';')
    this.#added ??= new Map()
    const replaced = this.#added.get(identity)
    const lines = headers.getRawHeaders('set-cookie') ?? []
    if (replaced === undefined || !lines.includes(replaced)) headers.addRawHeader('Set-Cookie', line)
    else headers.setRawHeaders('Set-Cookie', [...lines.filter((other) => other !== replaced), line])
    this.#added.set(identity, line)
  }
}

const COOKIE_OPTION_RULES: OptionRules<CookieOptions> = {
  path: filledText,
  domain: filledText,
  expires: having('a Date', 'getTime', 'toUTCString'),
  maxAgeSeconds: count(),
  secure: flag,
  httpOnly: flag,
  sameSite: oneOf('strict', 'lax', 'none'),
  partitioned: flag,
}
