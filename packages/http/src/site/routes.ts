import { isToken } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import { type RenderResult, shownType } from './render-result.ts'

/**
 * The parameters of a pattern such as `GET /users/:id/files/*path`: the decoded segment for each `:name`, and
 * a list of decoded segments for `*name`.
 */
export type RouteParameters<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string | readonly string[]>>
  : Pattern extends `${string} /${infer Path}`
    ? ParametersOf<Path>
    : unknown

/** Responds to the requests for a route. Returns what a `render_…` method returns. */
export type RouteFunction<Pattern extends string> = (
  request: Request,
  parameters: RouteParameters<Pattern>,
) => RenderResult

type ParametersOf<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? ParameterOf<Segment> & ParametersOf<Rest>
  : ParameterOf<Path>

type ParameterOf<Segment extends string> = Segment extends `:${infer Name}`
  ? { readonly [name in Name]: string }
  : Segment extends `*${infer Name}`
    ? { readonly [name in Name]: readonly string[] }
    : unknown

/** A segment of a pattern: a text, one decoded segment of any text, or all segments that follow. */
export interface RouteSegment {
  readonly is: 'text' | 'parameter' | 'rest'
  /** The text, or the name of the parameter. */
  readonly name: string
}

/** One route: the method and path that it responds to, and the function that responds. */
export class Route {
  /** As it was given: `GET /users/:id`. */
  readonly pattern: string
  readonly method: string
  readonly segments: readonly RouteSegment[]
  readonly #respond: (request: Request, parameters: never) => RenderResult
  readonly #hasParameters: boolean
  readonly #hasRest: boolean

  /** @throws {TypeError} when the pattern cannot be read, or `respond` is not a function. */
  constructor(pattern: string, respond: (request: Request, parameters: never) => RenderResult) {
    if (typeof pattern !== 'string') throw unreadable(shownType(pattern), 'give a string')
    if (typeof respond !== 'function')
      throw unreadable(JSON.stringify(pattern), `give a function that responds, not ${shownType(respond)}`)
    const [, method = '', path = ''] = PATTERN.exec(pattern) ?? []
    if (path === '') throw unreadable(JSON.stringify(pattern), "write a method and a path: 'GET /users/:id'")
    if (!isToken(method) || method !== method.toUpperCase())
      throw unreadable(JSON.stringify(pattern), 'write its method in capitals')
    if (method === 'CONNECT')
      throw unreadable(
        JSON.stringify(pattern),
        'a Site responds to every CONNECT with 501, it has no tunnels',
      )
    this.pattern = pattern
    this.method = method
    this.segments =
      path === '/'
        ? []
        : path
            .slice(1)
            .split('/')
            .map((text) => segmentOf(pattern, text))
    this.#respond = respond
    const named = this.segments.filter(({ is }) => is !== 'text').map(({ name }) => name)
    if (new Set(named).size < named.length)
      throw unreadable(JSON.stringify(pattern), 'give each parameter a name of its own')
    const restAt = this.segments.findIndex(({ is }) => is === 'rest')
    if (restAt >= 0 && restAt < this.segments.length - 1)
      throw unreadable(JSON.stringify(pattern), 'nothing can follow the rest of the path')
    this.#hasParameters = named.length > 0
    this.#hasRest = restAt >= 0
  }

  /** Calls the function with the request's parameters, which are the last segments of `prepath`. */
  respond(request: Request): RenderResult {
    return this.#respond(request, this.#parametersOf(request) as never)
  }

  #parametersOf({ prepath, postpath }: Request): Parameters {
    if (!this.#hasParameters) return NO_PARAMETERS
    const { segments } = this
    // A trailing slash leads to the same resource by an empty segment. A pattern has no empty segment.
    const trailing = !this.#hasRest && prepath.at(-1) === '' ? 1 : 0
    let at = prepath.length - trailing - segments.length
    const parameters: Record<string, string | readonly string[]> = {}
    for (const { is, name } of segments) {
      const text = prepath[at++] ?? ''
      if (is === 'parameter') parameters[name] = text
      else if (is === 'rest') parameters[name] = [text, ...postpath]
    }
    return parameters
  }
}

/** What the routes add to a resource: their methods, and the children for parameters. */
export class RouteBranch<Child> {
  /** The routes that end here, by method. */
  readonly routes: Map<string, Route> = new Map()
  /** Where a segment of any text leads, unless a child has it as its name. */
  parameter: Child | undefined
  /** What responds for all paths that nothing else leads to. */
  rest: Child | undefined

  /** Returns the route for a method. HEAD has that of GET unless it has its own. */
  routeFor(method: string): Route | undefined {
    return this.routes.get(method) ?? (method === 'HEAD' ? this.routes.get('GET') : undefined)
  }
}

function segmentOf(pattern: string, text: string): RouteSegment {
  const shown = JSON.stringify(pattern)
  if (text === '')
    throw unreadable(shown, 'it has an empty segment; leave out a trailing slash, which makes no difference')
  const sign = text.charAt(0)
  if (sign !== ':' && sign !== '*') {
    if (NOT_TEXT.test(text))
      throw unreadable(shown, `"${text}" cannot be a segment: write it decoded, and a parameter alone`)
    return { is: 'text', name: text }
  }
  const name = text.slice(1)
  if (!NAME.test(name) || name === '__proto__')
    throw unreadable(shown, `"${text}" has no name of a parameter: write ${sign}name`)
  return { is: sign === ':' ? 'parameter' : 'rest', name }
}

function unreadable(pattern: string, why: string): TypeError {
  return new TypeError(`Cannot route ${pattern}: ${why}`)
}

type Parameters = Readonly<Record<string, string | readonly string[]>>

const NO_PARAMETERS: Parameters = Object.freeze({})
const PATTERN = /^(\S+) (\/.*)$/s
const NAME = /^[A-Za-z_]\w*$/
/** A decoded segment has no percent-encoding. `?` and `#` end a path, `:` and `*` begin a parameter. */
const NOT_TEXT = /[%?#:*]/
