import { type OptionProblem, type OptionRule } from '@ropewalk/core/options'
import { settleSafely } from '@ropewalk/core/reactor'
import { HTTPError, type Request } from '@ropewalk/http'

/**
 * Which pages may open a WebSocket:
 *
 * - `same`: those of the host and port of the request. Over TLS, or behind a trusted proxy that states TLS, the
 *   page must be https, because an http page can have been changed on its way. Without TLS it may be http or
 *   https, because a proxy may have terminated the TLS of the page. A Host without a port has the default port
 *   of the page's scheme.
 * - a list of origins as browsers send them, such as `https://example.org` and `http://localhost:3000`.
 *   `https://*.example.org` stands for every host below `example.org`, but not for `example.org` itself. Scheme
 *   and port must be equal. `null`, the origin of sandboxed frames and local files, is accepted only if it is in
 *   the list.
 * - a function that returns true for the origins it accepts. It returns at once.
 * - `any`: all pages, `null` included.
 *
 * A request without an Origin does not come from a browser and is accepted: the check protects users, not
 * servers.
 */
export type OriginPolicy = 'same' | 'any' | readonly string[] | OriginPredicate

/** Returns true if pages of `origin` may open the WebSocket that `request` asks for. */
export type OriginPredicate = (origin: string, request: Request) => boolean

/** Checks the type of a policy, and that a list contains only origins as browsers send them. */
export const originPolicy: OptionRule = (value) => {
  if (value === 'same' || value === 'any' || typeof value === 'function') return undefined
  if (!Array.isArray(value)) return { kind: 'type', wanted: POLICY }
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
  if (item.includes('*')) return wildcardProblem(item)
  const spelling = asBrowsersSend(item)
  if (spelling === item) return undefined
  return { kind: 'range', wanted: spelling === undefined ? ORIGIN : `'${spelling}', as browsers send it` }
}

/** An origin of a wildcard has one star, for labels in front of a domain, which is not a top-level one. */
function wildcardProblem(item: string): OptionProblem | undefined {
  const [, scheme, parent = ''] = /^(https?:\/\/)\*\.([^*]+)$/.exec(item) ?? []
  const isBroad = !parent.includes('.') && !/^localhost(?::[0-9]+)?$/.test(parent)
  if (scheme === undefined || isBroad) return { kind: 'range', wanted: WILDCARD }
  const spelling = asBrowsersSend(`${scheme}x.${parent}`)?.replace('://x.', '://*.')
  if (spelling === item) return undefined
  return { kind: 'range', wanted: spelling === undefined ? WILDCARD : `'${spelling}', as browsers send it` }
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
 * @throws {TypeError} when a function as the policy returns something other than true or false.
 * @see RFC 6455 §10.2
 */
export function checkOrigin(request: Request, policy: OriginPolicy): void {
  const origins = request.requestHeaders.getRawHeaders('Origin') ?? []
  if (policy === 'any' || origins.length === 0) return
  const [origin = ''] = origins
  if (origins.length > 1 || !isAllowed(origin, request, policy))
    throw HTTPError.withoutStack(
      403,
      `Pages of this origin must not open this WebSocket${policy === 'same' ? SAME_ADVICE : ''}`,
    )
}

function isAllowed(origin: string, request: Request, policy: Exclude<OriginPolicy, 'any'>): boolean {
  if (policy === 'same') return isSame(origin, request)
  if (typeof policy === 'function') return decided(policy(origin, request))
  return policy.some((entry) => (entry.includes('*') ? isBelow(origin, entry) : entry === origin))
}

/** A promise would count as true: then every page would be accepted. */
function decided(result: unknown): boolean {
  if (typeof result === 'boolean') return result
  void settleSafely(result, () => undefined)
  throw new TypeError(
    'Cannot check the origin of a WebSocket: the function origins must return true or false, not a promise',
  )
}

/** Whether an origin has the scheme and port of a wildcard, and a host below that of the wildcard. */
function isBelow(origin: string, entry: string): boolean {
  const star = entry.indexOf('*')
  if (!origin.startsWith(entry.slice(0, star)) || !origin.endsWith(entry.slice(star + 1))) return false
  return LABELS.test(origin.slice(star, origin.length - (entry.length - star - 1)))
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
const POLICY = "'same', 'any', a list such as ['https://example.org'], or a function"
const ORIGIN = "an origin, such as 'https://example.org'"
const WILDCARD = "'https://*.example.org', with one star, in front of a domain below a top-level one"
/** What a star stands for: one or more labels of a host name, as browsers send them. */
const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
/** The origin that browsers send for local files, sandboxed frames and similar pages. */
const OPAQUE = 'null'
/**
 * Origins of applications and extensions, such as `capacitor://localhost`: URL gives them the origin `null`.
 */
const OTHER_SCHEME = /^(?!(?:https?|wss?|ftp):)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@A-Z]*$/

const SAME_ADVICE =
  ': it is not that of the Host. A proxy must pass the Host with its port; other origins are listed in the option origins'
