import { formatDate } from '../message/date.ts'
import { isToken, trimBlanks } from '../message/field-grammar.ts'

/** The attributes of a cookie. Without `expires` and `maxAgeSeconds` the client keeps it until it ends. */
export interface CookieOptions {
  /** The paths that the cookie is sent to: this one and those below it. Default: the directory of the request. */
  readonly path?: string
  /** The host that the cookie is sent to, with all its subdomains. Default: the host of the request alone. */
  readonly domain?: string
  /** When the client forgets the cookie. Fractions of a second are dropped. */
  readonly expires?: Date
  /** For how long the client keeps the cookie, in seconds; 0 to remove it. It counts more than `expires`. */
  readonly maxAgeSeconds?: number
  /** Whether the cookie is sent over TLS only. Default false. */
  readonly secure?: boolean
  /** Whether scripts of a page cannot read the cookie. Default false. */
  readonly httpOnly?: boolean
  /** Whether requests that another site starts carry the cookie: `none` is all of them, and needs `secure`. */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** Whether a page that embeds this site has cookies of its own for it (CHIPS); needs `secure`. Default false. */
  readonly partitioned?: boolean
}

/**
 * Returns the cookies of a request: the first value of each name, since clients send the most specific path first.
 * A pair without a name that is a token is ignored. Values are as they were sent, with quotes if there are any.
 *
 * @param values The values of all Cookie lines.
 * @see RFC 6265 §4.2 and its revision, 6265bis §5.8
 */
export function parseCookies(values: readonly string[]): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const [name, value] of cookiePairs(values)) {
    if (isToken(name) && !cookies.has(name)) cookies.set(name, value)
  }
  return cookies
}

/** Returns every value that the cookies of a request have for a name, in the order of the header. */
export function cookieValues(values: readonly string[], name: string): string[] {
  return cookiePairs(values).flatMap(([other, value]) => (other === name ? [value] : []))
}

function cookiePairs(values: readonly string[]): (readonly [name: string, value: string])[] {
  return values.flatMap((value) =>
    value.split(';').flatMap((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0
        ? []
        : [[trimBlanks(pair.slice(0, equals)), trimBlanks(pair.slice(equals + 1))] as const]
    }),
  )
}

/**
 * Returns the value of the Set-Cookie line for a cookie.
 *
 * @param options Their types were checked.
 * @throws {TypeError} when a client would refuse the cookie, or read it as another one.
 * @see RFC 6265 §4.1 and its revision, 6265bis §4.1
 */
export function setCookieValue(name: string, value: string, options: CookieOptions): string {
  const wrong =
    faultOfPair(name, value) ??
    faultOfPlace(options) ??
    faultOfSecurity(options) ??
    faultOfPrefix(name, options)
  if (wrong !== undefined) throw new TypeError(`Cannot set cookie ${JSON.stringify(shown(name))}: ${wrong}`)
  const { path, domain, expires, maxAgeSeconds, secure, httpOnly, sameSite, partitioned } = options
  const date = expires === undefined ? undefined : formatDate(expires.getTime())
  const parts = [
    `${name}=${value}`,
    date && `Expires=${date}`,
    domain && `Domain=${domain}`,
    path && `Path=${path}`,
    maxAgeSeconds === undefined ? undefined : `Max-Age=${maxAgeSeconds}`,
    secure === true && 'Secure',
    httpOnly === true && 'HttpOnly',
    sameSite && `SameSite=${SAME_SITE[sameSite]}`,
    partitioned === true && 'Partitioned',
  ]
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join('; ')
}

function faultOfPair(name: unknown, value: unknown): string | undefined {
  if (typeof name !== 'string' || !isToken(name)) return 'a name is a token'
  if (typeof value !== 'string') return `the value is of type ${typeof value}, give a string`
  if (!COOKIE_VALUE.test(value))
    return `value ${JSON.stringify(shown(value))} has a blank, quote, comma, semicolon, backslash, control character or one outside ASCII, use encodeURIComponent`
  if (name.length + value.length <= MAX_PAIR_BYTES) return undefined
  return `name and value have more than ${MAX_PAIR_BYTES} bytes, which clients ignore`
}

function faultOfPlace({ path, domain, expires }: CookieOptions): string | undefined {
  if (path !== undefined && !PATH.test(path))
    return `path ${JSON.stringify(shown(path))} must begin with a slash, and have neither a semicolon nor a character outside ASCII`
  if (domain !== undefined && !DOMAIN.test(domain))
    return `domain ${JSON.stringify(shown(domain))} is not a host name, give one such as example.org`
  if (path !== undefined && path.length > MAX_ATTRIBUTE_BYTES)
    return `path has more than ${MAX_ATTRIBUTE_BYTES} bytes, which clients ignore`
  if (expires !== undefined && !isRepresentable(expires.getTime()))
    return 'expires must be a valid date of the years 1601 to 9999'
  return undefined
}

function faultOfSecurity({
  secure = false,
  sameSite,
  partitioned = false,
}: CookieOptions): string | undefined {
  if (secure) return undefined
  if (sameSite === 'none') return "sameSite 'none' needs secure: true"
  return partitioned ? 'partitioned needs secure: true' : undefined
}

/** 6265bis §4.1.3: clients compare the prefixes without regard to case. */
function faultOfPrefix(name: string, { secure = false, path, domain }: CookieOptions): string | undefined {
  const [prefix] = PREFIX.exec(name) ?? []
  if (prefix === undefined) return undefined
  if (!secure) return `the prefix ${prefix} needs secure: true`
  if (prefix.toLowerCase() === '__host-' && (path !== '/' || domain !== undefined))
    return `the prefix ${prefix} needs path: '/', and no domain`
  return undefined
}

function isRepresentable(timeMs: number): boolean {
  return timeMs >= FIRST_MS && timeMs <= LAST_MS
}

function shown(text: unknown): string {
  return String(text).slice(0, 80)
}

/** The longest name and value, together, and the longest attribute that clients accept (6265bis §5.6). */
const MAX_PAIR_BYTES = 4096
const MAX_ATTRIBUTE_BYTES = 1024
/** 6265bis §5.6.1: clients refuse years before 1601. A date of HTTP has four digits for the year. */
const FIRST_MS = -11_644_473_600_000
const LAST_MS = 253_402_300_799_999
const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const
const PREFIX = /^__(?:host|secure)-/i
/** cookie-octets, in quotes or not. */
const COOKIE_VALUE =
  /^(?:[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")$/
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const DOMAIN = new RegExp(String.raw`^(?=.{1,253}$)${LABEL}(?:\.${LABEL})*$`)
