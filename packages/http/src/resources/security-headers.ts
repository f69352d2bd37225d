import { type GivenOptions, type OptionRule, type OptionRules, withDefaults } from '@ropewalk/core/options'
import { isFieldValue } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { WrappingResource } from './wrapping-resource.ts'

/** Options of `securityHeaders`: the value of each header, or false to leave it out. */
export interface SecurityHeadersOptions {
  /** Default: everything from this origin alone, no plugins, and no frame around it. */
  readonly contentSecurityPolicy: string | false
  /** Default `same-origin`. */
  readonly crossOriginOpenerPolicy: string | false
  /** Default `same-origin`. */
  readonly crossOriginResourcePolicy: string | false
  /** Default: left out. */
  readonly permissionsPolicy: string | false
  /** Default `no-referrer`. */
  readonly referrerPolicy: string | false
  /** Sent over https only. Default `max-age=15552000`, 180 days, without `includeSubDomains`. */
  readonly strictTransportSecurity: string | false
  /** Default `nosniff`. */
  readonly xContentTypeOptions: string | false
  /** Default `DENY`. */
  readonly xFrameOptions: string | false
}

/**
 * Adds headers that make browsers stricter to every response of `resource` and below it, error pages included. A
 * header that the response has already is left as it is.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, an option is unknown, or a value cannot be
 *   sent in a header.
 */
export function securityHeaders(
  resource: Resource,
  options?: GivenOptions<SecurityHeadersOptions>,
): Resource {
  return new Secured(resource, options)
}

class Secured extends WrappingResource {
  readonly #fields: readonly (readonly [string, string])[]
  readonly #strictTransportSecurity: string | false

  constructor(resource: Resource, options: GivenOptions<SecurityHeadersOptions> | undefined) {
    super(resource, 'securityHeaders')
    const filled = withDefaults('securityHeaders', DEFAULT_OPTIONS, options, RULES)
    this.#strictTransportSecurity = filled.strictTransportSecurity
    this.#fields = ALWAYS.flatMap((option) => {
      const value = filled[option]
      return value === false ? [] : [[FIELD_NAME[option], value] as const]
    })
  }

  override render(request: Request): RenderResult {
    request.beforeHead(() => this.#add(request))
    return super.render(request)
  }

  #add(request: Request): void {
    const { responseHeaders } = request
    for (const [name, value] of this.#fields) {
      if (!responseHeaders.hasHeader(name)) responseHeaders.addRawHeader(name, value)
    }
    // RFC 6797 §7.2: it must not be sent over http.
    const hsts = this.#strictTransportSecurity
    const name = FIELD_NAME.strictTransportSecurity
    if (hsts !== false && request.scheme === 'https' && !responseHeaders.hasHeader(name))
      responseHeaders.addRawHeader(name, hsts)
  }
}

const FIELD_NAME: Readonly<Record<keyof SecurityHeadersOptions, string>> = {
  contentSecurityPolicy: 'Content-Security-Policy',
  crossOriginOpenerPolicy: 'Cross-Origin-Opener-Policy',
  crossOriginResourcePolicy: 'Cross-Origin-Resource-Policy',
  permissionsPolicy: 'Permissions-Policy',
  referrerPolicy: 'Referrer-Policy',
  strictTransportSecurity: 'Strict-Transport-Security',
  xContentTypeOptions: 'X-Content-Type-Options',
  xFrameOptions: 'X-Frame-Options',
}
const DEFAULT_OPTIONS: SecurityHeadersOptions = {
  contentSecurityPolicy:
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginResourcePolicy: 'same-origin',
  permissionsPolicy: false,
  referrerPolicy: 'no-referrer',
  strictTransportSecurity: 'max-age=15552000',
  xContentTypeOptions: 'nosniff',
  xFrameOptions: 'DENY',
}
const ALWAYS = (Object.keys(FIELD_NAME) as (keyof SecurityHeadersOptions)[]).filter(
  (option) => option !== 'strictTransportSecurity',
)
const FIELD: OptionRule = (value) => {
  const wanted = 'the value of the header, or false to leave it out'
  if (value === false) return undefined
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return value !== '' && isFieldValue(value) ? undefined : { kind: 'range', wanted }
}
const RULES: OptionRules<SecurityHeadersOptions> = {
  contentSecurityPolicy: FIELD,
  crossOriginOpenerPolicy: FIELD,
  crossOriginResourcePolicy: FIELD,
  permissionsPolicy: FIELD,
  referrerPolicy: FIELD,
  strictTransportSecurity: FIELD,
  xContentTypeOptions: FIELD,
  xFrameOptions: FIELD,
}
