import {
  count,
  flag,
  listOf,
  type OptionProblem,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import { isToken, listElements } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { checkRequired } from './required-options.ts'
import { WrappingResource } from './wrapping-resource.ts'

/** Options of `cors`. */
export interface CORSOptions {
  /**
   * The origins whose pages may read responses: `'*'` for all, or a list of `https://app.example.org`, or
   * `https://*.example.org` for every host below; or a function that decides. The list may have `'null'`, the
   * origin of sandboxed frames and files. Neither `'*'` nor `'null'` is accepted with `credentials`.
   */
  readonly origins: '*' | readonly string[] | ((origin: string, request: Request) => boolean)
  /** Whether pages of these origins may send cookies and HTTP authentication. Default false. */
  readonly credentials?: boolean | undefined
  /** Methods that these pages may use. Default GET, HEAD, POST, PUT, PATCH and DELETE. */
  readonly methods?: readonly string[] | undefined
  /** Request headers that these pages may set, besides those that every page may. Default Content-Type. */
  readonly allowHeaders?: readonly string[] | undefined
  /** Response headers that these pages may read, besides those that every page may. Default: no others. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may keep the response to a preflight, in seconds. Default 600. */
  readonly maxAgeSeconds?: number | undefined
}

/**
 * Lets pages of other origins use `resource` and what is below it, and responds to the preflights of browsers, which
 * do not reach the resource.
 *
 * The headers are in every response, error pages included. A page of another origin than the allowed ones cannot
 * read the response, but its simple requests, such as a POST of a form, do reach the resource: CORS is no
 * protection of the server.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, an option is missing, unknown or wrong, or
 *   `credentials` are allowed for all origins.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function cors(resource: Resource, options: CORSOptions): Resource {
  return new CrossOrigin(resource, options)
}

class CrossOrigin extends WrappingResource {
  readonly #isAllowed: (origin: string, request: Request) => boolean
  readonly #anyOrigin: boolean
  /** What every response to an allowed origin has. */
  readonly #fields: readonly Field[]
  /** What the response to a preflight has besides. */
  readonly #preflightFields: readonly Field[]

  constructor(resource: Resource, options: CORSOptions) {
    super(resource, 'cors')
    checkRequired('cors', options, "{ origins: ['https://app.example.org'] }", RULES, 'origins')
    const { origins, credentials = false, methods = METHODS, allowHeaders = ['Content-Type'] } = options
    const { exposeHeaders = [], maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = options
    if (credentials) checkNotEveryOrigin(origins)
    this.#anyOrigin = origins === '*'
    this.#isAllowed = allowing(origins)
    this.#fields = [
      ...(credentials ? [['Access-Control-Allow-Credentials', 'true'] as const] : []),
      ...field('Access-Control-Expose-Headers', exposeHeaders),
    ]
    this.#preflightFields = [
      ...field('Access-Control-Allow-Methods', methods),
      ...field('Access-Control-Allow-Headers', allowHeaders),
      ['Access-Control-Max-Age', `${maxAgeSeconds}`],
    ]
  }

  override render(request: Request): RenderResult {
    const origin = this.#allowedOrigin(request)
    request.beforeHead(() => this.#addFields(request, origin))
    return isPreflight(request) ? this.#preflight(request, origin) : super.render(request)
  }

  /** The value of Access-Control-Allow-Origin; undefined when the request has no origin, or one that is not allowed. */
  #allowedOrigin(request: Request): string | undefined {
    const [origin, ...more] = request.requestHeaders.getRawHeaders('origin') ?? []
    if (origin === undefined || more.length > 0 || !isOrigin(origin)) return undefined
    if (this.#anyOrigin) return '*'
    return this.#isAllowed(origin, request) ? origin : undefined
  }

  #addFields(request: Request, origin: string | undefined): void {
    // A cache must not give one origin the response to another, nor to a request without an origin.
    if (!this.#anyOrigin) addVary(request, 'Origin')
    if (origin === undefined) return
    request.setHeader('Access-Control-Allow-Origin', origin)
    for (const [name, value] of this.#fields) request.setHeader(name, value)
  }

  #preflight(request: Request, origin: string | undefined): string {
    request.beforeHead(() => {
      addVary(request, 'Access-Control-Request-Method')
      addVary(request, 'Access-Control-Request-Headers')
    })
    if (origin === undefined) throw HTTPError.withoutStack(403, 'This origin is not allowed')
    for (const [name, value] of this.#preflightFields) request.setHeader(name, value)
    request.setResponseCode(204)
    return ''
  }
}

type Field = readonly [name: string, value: string]

function field(name: string, elements: readonly string[]): readonly Field[] {
  return elements.length === 0 ? [] : [[name, elements.join(', ')]]
}

function isPreflight({ method, requestHeaders }: Request): boolean {
  return (
    method === 'OPTIONS' &&
    requestHeaders.hasHeader('origin') &&
    requestHeaders.hasHeader('access-control-request-method')
  )
}

/** Adds a name to the Vary field of the response, unless it is there. */
function addVary({ responseHeaders }: Request, name: string): void {
  const listed = listElements(responseHeaders.getRawHeaders('vary') ?? [])
  const isListed = listed.some((one) => one === '*' || one.toLowerCase() === name.toLowerCase())
  if (!isListed) responseHeaders.addRawHeader('Vary', name)
}

function allowing(origins: CORSOptions['origins']): (origin: string, request: Request) => boolean {
  if (typeof origins === 'function') {
    return (origin, request) => {
      // A caller may not check types: a promise must not count as a permission.
      const allowed: unknown = origins(origin, request)
      return allowed === true
    }
  }
  if (origins === '*') return () => true
  const exact = new Set(origins)
  const suffixes = origins
    .filter((one) => one.includes('://*.'))
    .map((one) => one.split('*') as [string, string])
  return (origin) =>
    exact.has(origin) ||
    suffixes.some(
      // At least one character stands for the asterisk: the wildcard does not include the host itself.
      ([scheme, rest]) =>
        origin.startsWith(scheme) && origin.endsWith(rest) && origin.length > scheme.length + rest.length,
    )
}

/** @throws {TypeError} when every page could act for the user: all origins, or `null`, which any page can have. */
function checkNotEveryOrigin(origins: CORSOptions['origins']): void {
  if (typeof origins === 'function' || (origins !== '*' && !origins.includes('null'))) return
  const found = origins === '*' ? '*' : 'null'
  throw new TypeError(
    `Cannot take origins '${found}' with credentials for cors: list the origins, any page could act for the user`,
  )
}

/** Whether a text is an origin as browsers send it: `null`, or scheme, host and port without a path. */
function isOrigin(text: string): boolean {
  return text === 'null' || (URL.canParse(text) && new URL(text).origin === text)
}

const ORIGINS: OptionRule = (value) => {
  if (value === '*' || typeof value === 'function') return undefined
  if (!Array.isArray(value)) return { kind: 'type', wanted: "a list of origins, '*' or a function" }
  return listOf(ORIGIN)(value)
}
const ORIGIN: OptionRule = (value) => {
  const wanted = 'an origin in lower case without a path, such as https://app.example.org'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  const example = value.replace('://*.', '://wildcard.')
  return isOrigin(example) && !example.includes('*') ? undefined : { kind: 'range', wanted }
}
const TOKENS: OptionRule = listOf((value): OptionProblem | undefined => {
  const wanted = 'a token, without commas'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  // With credentials, browsers take `*` for a name.
  return isToken(value) && value !== '*' ? undefined : { kind: 'range', wanted: `${wanted} and not *` }
})
const RULES: OptionRules<CORSOptions> = {
  origins: ORIGINS,
  credentials: flag,
  methods: TOKENS,
  allowHeaders: TOKENS,
  exposeHeaders: TOKENS,
  maxAgeSeconds: count(),
}
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const DEFAULT_MAX_AGE_SECONDS = 600
