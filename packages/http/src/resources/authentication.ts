import { createHash, timingSafeEqual } from 'node:crypto'
import { isToken } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'

/** What a client sent to authenticate itself: `Basic dXNlcjpwYXNz` has the scheme `basic`. */
export interface Credentials {
  /** In lower case. */
  readonly scheme: string
  /** What follows the scheme, without the blanks around it; it may be empty. */
  readonly value: string
}

/** The user and the password of HTTP's Basic authentication. */
export interface UserAndPassword {
  readonly user: string
  readonly password: string
}

/**
 * Returns what the Authorization header of a request holds; undefined when there is none, more than one, or one that
 * begins with no scheme.
 *
 * @see RFC 9110 §11.4
 */
export function credentialsOf(request: Request): Credentials | undefined {
  const [value, ...more] = request.requestHeaders.getRawHeaders('authorization') ?? []
  if (value === undefined || more.length > 0) return undefined
  const blank = value.indexOf(' ')
  const scheme = blank < 0 ? value : value.slice(0, blank)
  if (!isToken(scheme)) return undefined
  return { scheme: scheme.toLowerCase(), value: blank < 0 ? '' : value.slice(blank).trim() }
}

/**
 * Decodes the credentials of Basic: the base64 of `user:password` in UTF-8.
 *
 * @returns undefined when they are malformed: not base64, not UTF-8, without a colon, or with control characters.
 * @see RFC 7617 §2
 */
export function decodeBasic(value: string): UserAndPassword | undefined {
  if (!BASE64.test(value)) return undefined
  const bytes = Buffer.from(value, 'base64')
  const text = bytes.toString('utf8')
  if (CONTROL.test(text) || !Buffer.from(text).equals(bytes)) return undefined
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/**
 * Returns the user of a request with Basic authentication; undefined when it has none. Below a `guard` with `basic`
 * this is the user that was let in; elsewhere it was not checked.
 */
export function getUser(request: Request): string | undefined {
  return basicOf(request)?.user
}

/** Returns the password of a request with Basic authentication; undefined when it has none. */
export function getPassword(request: Request): string | undefined {
  return basicOf(request)?.password
}

/**
 * Returns the bearer token of a request; undefined when there is none, when it is malformed, or when there is more than
 * one Authorization field. Below a `guard` with `bearer` this is the token that was accepted; elsewhere it was not
 * checked.
 *
 * @see RFC 6750 §2.1
 */
export function getBearerToken(request: Request): string | undefined {
  const [value, ...more] = request.requestHeaders.getRawHeaders('authorization') ?? []
  return value === undefined || more.length > 0 ? undefined : BEARER.exec(value)?.[1]
}

/**
 * Whether two secrets are equal, in a time that does not depend on where they differ, so that a client cannot guess
 * one character after the other.
 */
export function equalInConstantTime(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other))
}

/**
 * Makes the check of a `guard` with `basic` for a few users whose passwords the program knows. The time it takes
 * shows neither whether a user exists nor how much of the password is right. For many users, look up a hash that is
 * slow to compute, such as scrypt.
 *
 * @param passwords The password of each user.
 */
export function passwordCheck(
  passwords: Readonly<Record<string, string>>,
): (user: string, password: string) => boolean {
  const digests = new Map(Object.entries(passwords).map(([user, password]) => [user, digestOf(password)]))
  const unknown = Buffer.alloc(DIGEST_BYTES)
  return (user, password) => {
    const known = digests.get(user)
    return timingSafeEqual(digestOf(password), known ?? unknown) && known !== undefined
  }
}

/**
 * Makes the check of a `guard` with `bearer` for a few tokens. Every token is compared, in constant time.
 *
 * @param tokens The tokens that are accepted.
 */
export function tokenCheck(tokens: readonly string[]): (token: string) => boolean {
  const digests = tokens.map(digestOf)
  return (token) => {
    const digest = digestOf(token)
    let found = false
    for (const known of digests) found = timingSafeEqual(known, digest) || found
    return found
  }
}

function basicOf(request: Request): UserAndPassword | undefined {
  const credentials = credentialsOf(request)
  return credentials?.scheme === 'basic' ? decodeBasic(credentials.value) : undefined
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

const DIGEST_BYTES = 32
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
/** RFC 6750 §2.1: `"Bearer" 1*SP b64token`, the scheme in any case (RFC 9110 §11.1). */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i
/** RFC 7617 §2: neither part has control characters, which include U+0080 to U+009F. */
const CONTROL = /\p{Cc}/u
