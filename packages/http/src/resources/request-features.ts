import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'

/** Attributes of a cookie (RFC 6265bis §4.1.2), as far as sessions use them. */
export interface SentCookieOptions {
  readonly path: string
  readonly maxAgeSeconds?: number
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
}

/** What a request may offer besides its own methods of today; each is used when it is there. */
interface Features {
  readonly scheme?: unknown
  readonly limitBody?: (maxBytes: number) => void
  readonly addCookie?: (name: string, value: string, options: SentCookieOptions) => void
}

/** Whether the client uses https: to us, or to a proxy that the site trusts. */
export function isHTTPS(request: Request): boolean {
  const { scheme }: Request & Features = request
  return typeof scheme === 'string' ? scheme === 'https' : request.isSecure()
}

/** Adds a Set-Cookie field to the response. */
export function addCookie(request: Request, name: string, value: string, options: SentCookieOptions): void {
  const features: Request & Features = request
  if (features.addCookie !== undefined) return features.addCookie(name, value, options)
  const { path, maxAgeSeconds, secure, httpOnly, sameSite } = options
  const attributes = [
    `Path=${path}`,
    ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
    ...(secure ? ['Secure'] : []),
    ...(httpOnly ? ['HttpOnly'] : []),
    `SameSite=${sameSite.charAt(0).toUpperCase()}${sameSite.slice(1)}`,
  ]
  request.responseHeaders.addRawHeader('Set-Cookie', [`${name}=${value}`, ...attributes].join('; '))
}

/**
 * Limits the body of a request that is not read yet.
 *
 * @throws {HTTPError} 413 when its Content-Length is beyond the limit.
 */
export function limitBody(request: Request, maxBytes: number): void {
  const features: Request & Features = request
  if (features.limitBody !== undefined) return features.limitBody(maxBytes)
  if (Number(request.getHeader('content-length') ?? 0) > maxBytes) throw HTTPError.withoutStack(413)
  if (!request.hasBody) return
  const { body } = request
  const receive = body.pieceReceived.bind(body)
  let leftBytes = maxBytes
  body.pieceReceived = (piece) => {
    leftBytes -= piece.length
    if (leftBytes < 0) request.refuse(HTTPError.withoutStack(413))
    else receive(piece)
  }
}
