import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { type RenderResult, shownType } from './render-result.ts'

/**
 * What answers at one place of a site: subclass it and write a `render_GET`, `render_POST`, …
 *
 * A request finds its resource segment by segment: children put there with `putChild`, else what
 * `getChild` returns. A resource that `isLeaf` takes all that is left, in `request.postpath`.
 *
 * Segments are decoded, each by itself, and are names, not paths: one may be empty, or hold `/`, `\\`, NUL
 * or `..`. What makes a path of them, such as the name of a file, must refuse these.
 */
export class Resource {
  /** Whether this resource answers for everything below it. */
  readonly isLeaf: boolean = false
  readonly #children = new Map<string, Resource>()
  #allowedMethods: readonly string[] | undefined

  /**
   * Answers the method of its name, as `render_PURGE` would: any method in capitals.
   *
   * @returns text, sent as HTML, or bytes, unless the method sets a Content-Type; either in pieces, which are
   *   asked for as the client takes them; NOT_DONE_YET when the response is finished through the request.
   */
  render_GET?(request: Request): RenderResult
  render_HEAD?(request: Request): RenderResult
  render_POST?(request: Request): RenderResult
  render_PUT?(request: Request): RenderResult
  render_PATCH?(request: Request): RenderResult
  render_DELETE?(request: Request): RenderResult
  render_OPTIONS?(request: Request): RenderResult

  /**
   * Puts `child` below this resource, under one decoded path segment; '' is what a trailing slash asks for.
   *
   * @throws {TypeError} when `segment` holds a slash: put a resource under each segment; when `child` is no Resource.
   */
  putChild(segment: string, child: Resource): void {
    if (typeof segment !== 'string') throw new TypeError('Cannot put a child: a segment is a string')
    if (segment.includes('/')) {
      throw new TypeError(
        `Cannot put a child at "${segment}": a segment has no slash, nest resources instead`,
      )
    }
    if (!isResource(child)) {
      throw new TypeError(
        `Cannot put a child at "${segment}": give a Resource, ${shownType(child)} is not one`,
      )
    }
    this.#children.set(segment, child)
  }

  /**
   * The child for a segment that `putChild` does not know. Override it to make resources on the fly.
   *
   * Here it is the resource itself for an empty segment at the path's end, so that a trailing slash makes no
   * difference, and none for any other: `//admin` is not `/admin`.
   *
   * @returns undefined for none, which is a 404.
   * @throws {HTTPError} any status, as any resource may.
   */
  getChild(segment: string, request: Request): Resource | undefined | PromiseLike<Resource | undefined> {
    return segment === '' && request.postpath.length === 0 ? this : undefined
  }

  /** The child for a segment: one that was put there, else `getChild`'s. */
  getChildWithDefault(
    segment: string,
    request: Request,
  ): Resource | undefined | PromiseLike<Resource | undefined> {
    return this.#children.get(segment) ?? this.getChild(segment, request)
  }

  /** The methods this resource answers, as an Allow header lists them. They are looked up once. */
  allowedMethods(): string[] {
    this.#allowedMethods ??= this.#findAllowedMethods()
    return [...this.#allowedMethods]
  }
  /**
   * Answers the request with the method of its name; HEAD with `render_GET`, whose body is not sent;
   * OPTIONS with the list of methods.
   *
   * @throws {HTTPError} 405 for another method, 501 for one that is not known; 404 when there is no `render_…` at all.
   */
  render(request: Request): RenderResult {
    const { method } = request
    const renderer = this.#renderer(method) ?? (method === 'HEAD' ? this.#renderer('GET') : undefined)
    if (renderer !== undefined) return renderer.call(this, request)
    if (!METHODS.includes(method) && method !== 'TRACE') throw HTTPError.withoutStack(501)
    const allowed = this.allowedMethods()
    if (allowed.length === 1 && allowed[0] === 'OPTIONS') throw HTTPError.withoutStack(404)
    const allow = allowed.join(', ')
    if (method !== 'OPTIONS') throw HTTPError.withoutStack(405, undefined, { headers: [['Allow', allow]] })
    request.setHeader('Allow', allow)
    request.setResponseCode(204)
    return ''
  }

  #renderer(method: string): ((request: Request) => RenderResult) | undefined {
    const name = RENDERER.get(method) ?? (EXTENSION_METHOD.test(method) ? `render_${method}` : undefined)
    if (name === undefined) return undefined
    const renderer: unknown = Reflect.get(this, name)
    return typeof renderer === 'function' ? (renderer as (request: Request) => RenderResult) : undefined
  }

  #findAllowedMethods(): string[] {
    const own = METHODS.filter((method) => this.#renderer(method) !== undefined)
    if (own.includes('GET') && !own.includes('HEAD')) own.push('HEAD')
    if (!own.includes('OPTIONS')) own.push('OPTIONS')
    return [...own, ...this.#findExtensionMethods()]
  }

  /** Methods beyond the usual ones, of which the names of `render_…` are the only list. */
  #findExtensionMethods(): string[] {
    const methods = namesOf(this)
      .filter((name) => name.startsWith('render_') && !RENDERERS.has(name))
      .map((name) => name.slice('render_'.length))
    return [...new Set(methods)].filter((method) => this.#renderer(method) !== undefined).toSorted()
  }
}

/** The names of what a resource has, by itself and by its classes below Resource. */
function namesOf(resource: Resource): string[] {
  const names: string[] = []
  let from: object | null = resource
  while (from !== null && from !== Resource.prototype) {
    names.push(...Object.getOwnPropertyNames(from))
    from = Reflect.getPrototypeOf(from)
  }
  return names
}

/** Whether a value is a resource, for callers without types. */
export function isResource(value: unknown): value is Resource {
  return value instanceof Resource
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Made once: it is looked up for every request. */
const RENDERER: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, `render_${method}`]))
const RENDERERS: ReadonlySet<string> = new Set(RENDERER.values())
/** Methods are in capitals by convention (RFC 9110 §9.1); `render_page` is a method for no client to call. */
const EXTENSION_METHOD = /^[A-Z][A-Z0-9_-]*$/
