import type { OptionProblem, OptionRule } from '@ropewalk/core/options'
import { HTTPError, type Request } from '@ropewalk/http'

/**
 * Which pages may open a WebSocket: those of the same host and port (`same`), any (`any`), or those
 * with an origin in the list, written as browsers send it: `https://example.org`, `http://localhost:3000`.
 *
 * `same` compares the origin with the request's Host. Over TLS the page must be https, because an http page
 * can have been changed on its way. Without TLS it may be http or https, because a proxy may have terminated
 * the TLS of the page. A Host without a port has the default port of the page's scheme.
 *
 * A request without an Origin does not come from a browser and is accepted: the check protects users, not
 * servers.
 */
export type OriginPolicy = 'same' | 'any' | readonly string[]

/** Checks the type of a policy, and that a list contains only origins as browsers send them. */
export const originPolicy: OptionRule = (value) => {
  if (value === 'same' || value === 'any') return undefined
  if (!Array.isArray(value))
    return { kind: 'type', wanted: "'same', 'any' or a list: ['https://example.org']" }
  for (const [index, item] of value.entries()) {
    const problem = originProblem(item)
    if (problem !== undefined) return { ...problem, at: `[${index}]`, found: item }
  }
  return undefined
}

function originProblem(item: unknown): OptionProblem | undefined {
  if (typeof item !== 'string') return { kind: 'type', wanted: ORIGIN }
  if (item === '*' || item === 'any' || item === 'same')
    return { kind: 'range', wanted: `${ORIGIN}, or '${item === '*' ? 'any' : item}' in place of the list` }
  const spelling = asBrowsersSend(item)
  if (spelling === item) return undefined
  return { kind: 'range', wanted: spelling === undefined ? ORIGIN : `'${spelling}', as browsers send it` }
}

/**
 * The origin that browsers send for a page of `text`, whose scheme may be missing; undefined when it has
 * none.
 */
function asBrowsersSend(text: string): string | undefined {
  if (text === OPAQUE || OTHER_SCHEME.test(text)) return text
  const url = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  return origin === OPAQUE ? undefined : origin
}

/**
 * Throws unless the policy allows the origin of the request.
 *
 * @throws {HTTPError} 403 when the origin is not allowed, or the request has more than one and the policy is
 *   not `any`.
 * @see RFC 6455 §10.2
 */
export function checkOrigin(request: Request, policy: OriginPolicy): void {
  const origins = request.requestHeaders.getRawHeaders('Origin') ?? []
  if (policy === 'any' || origins.length === 0) return
  const [origin = ''] = origins
  const allowed = policy === 'same' ? isSame(origin, request) : policy.includes(origin)
  if (!allowed || origins.length > 1)
    throw new HTTPError(403, 'Pages of this origin must not open this WebSocket')
}

/** Whether a page's origin has the host and port of the request. */
function isSame(origin: string, request: Request): boolean {
  const [, scheme, host] = /^(https?):\/\/([^/?#@]+)$/.exec(origin) ?? []
  if (scheme === undefined || host === undefined) return false
  if (request.isSecure() && scheme !== 'https') return false
  return withPort(host, scheme) === withPort(request.getRequestAuthority(), scheme)
}

/** `host:port` in lower case, with the scheme's default port where `authority` has none. */
function withPort(authority: string, scheme: string): string {
  const [, host = '', port = ''] = /^(.*?)(?::([0-9]*))?$/.exec(authority.toLowerCase()) ?? []
  const named = port === '' ? DEFAULT_PORT[scheme] : Number(port)
  return `${host}:${named}`
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { http: 80, https: 443 }
const ORIGIN = "an origin, such as 'https://example.org'"
/** The origin that browsers send for local files, sandboxed frames and similar pages. */
const OPAQUE = 'null'
/**
 * Origins of applications and extensions, such as `capacitor://localhost`: URL gives them the origin `null`.
 */
const OTHER_SCHEME = /^(?!(?:https?|wss?|ftp):)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@A-Z]*$/
