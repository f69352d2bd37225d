import type { OptionProblem, OptionRule } from '@ropewalk/core/options'
import { HTTPError, type Request } from '@ropewalk/http'

/**
 * Which pages may open a WebSocket: those of the same host and port (`same`), any (`any`), or those
 * whose origin is in the list, written as browsers do: `https://example.org`, `http://localhost:3000`.
 *
 * `same` compares with the request's Host. Over TLS the page must be https: what came unprotected can have
 * been changed on its way. Without TLS it may be http or https, because a proxy may have ended the TLS of the
 * page; a Host without a port then has the default port of the page's scheme.
 *
 * A client that sends no Origin is no browser, and passes: this protects users, not servers.
 */
export type OriginPolicy = 'same' | 'any' | readonly string[]

/** Accepts a policy that can be kept: in a list, only origins that a client can send. */
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

/** The origin that browsers send for a page of `text`, which may lack its scheme; undefined for none. */
function asBrowsersSend(text: string): string | undefined {
  if (text === OPAQUE || OTHER_SCHEME.test(text)) return text
  const url = text.includes('://') ? text : `https://${text}`
  if (!URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  return origin === OPAQUE ? undefined : origin
}

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
  const allowed = policy === 'same' ? isSame(origin, request) : policy.includes(origin)
  if (!allowed || origins.length > 1)
    throw new HTTPError(403, 'Pages of this origin may not open this WebSocket')
}

/** Whether a page's origin is that of the request itself. */
function isSame(origin: string, request: Request): boolean {
  const [, scheme, host] = /^(https?):\/\/([^/?#@]+)$/.exec(origin) ?? []
  if (scheme === undefined || host === undefined) return false
  if (request.isSecure() && scheme !== 'https') return false
  return withPort(host, scheme) === withPort(request.getRequestAuthority(), scheme)
}

/** `host:port` in lower case, the scheme's own port where none is named. */
function withPort(authority: string, scheme: string): string {
  const [, host = '', port = ''] = /^(.*?)(?::([0-9]*))?$/.exec(authority.toLowerCase()) ?? []
  const named = port === '' ? DEFAULT_PORT[scheme] : Number(port)
  return `${host}:${named}`
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { http: 80, https: 443 }
const ORIGIN = "an origin, such as 'https://example.org'"
/** What pages of files, of sandboxed frames and the like send. */
const OPAQUE = 'null'
/** Origins of applications and extensions, such as `capacitor://localhost`: not a scheme of which URL knows the rules. */
const OTHER_SCHEME = /^(?!(?:https?|wss?|ftp):)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@A-Z]*$/
