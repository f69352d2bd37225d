import { HTTPError, type Request } from '@ropewalk/http'

/**
 * Which pages may open a WebSocket: those of the same host and port (`same`), any (`any`), or those
 * whose origin is in the list, written as browsers do: `https://example.org`, `http://localhost:3000`.
 *
 * A client that sends no Origin is no browser, and passes: this protects users, not servers.
 */
export type OriginPolicy = 'same' | 'any' | readonly string[]

/**
 * Lets a request pass, or not.
 *
 * @throws {HTTPError} 403.
 * @see RFC 6455 §10.2
 */
export function checkOrigin(request: Request, policy: OriginPolicy): void {
  const origins = request.requestHeaders.getRawHeaders('Origin') ?? []
  if (policy === 'any' || origins.length === 0) return
  const [origin = ''] = origins
  const allowed =
    policy === 'same' ? sameHost(origin, request.getRequestAuthority()) : policy.includes(origin)
  if (!allowed || origins.length > 1)
    throw new HTTPError(403, 'Pages of this origin may not open this WebSocket')
}

/** Whether a page's origin has the host and port of the request's own Host. */
function sameHost(origin: string, authority: string): boolean {
  const [, scheme, host] = /^(https?):\/\/([^/?#@]+)$/.exec(origin) ?? []
  if (scheme === undefined || host === undefined) return false
  return withPort(host, scheme) === withPort(authority, scheme)
}

/** `host:port` in lower case, the scheme's own port where none is named. */
function withPort(authority: string, scheme: string): string {
  const [, host = '', port = ''] = /^(.*?)(?::([0-9]*))?$/.exec(authority.toLowerCase()) ?? []
  const named = port === '' ? DEFAULT_PORT[scheme] : Number(port)
  return `${host}:${named}`
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { http: 80, https: 443 }
