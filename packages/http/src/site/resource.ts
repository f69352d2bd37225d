import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { type RenderResult, shownType } from './render-result.ts'

/**
 * Responds to the requests for one path of a site: subclass it and write a `render_GET`, `render_POST`, …
 *
 * A site follows a request's path segment by segment: to a child added with `putChild`, else to what
 * `getChild` returns. A resource with `isLeaf` receives all remaining segments, in `request.postpath`.
 *
 * Each segment is decoded by itself. It is a name, not a path: it may be empty, or contain `/`, `\\`, NUL
 * or `..`. Code that makes a path from segments, such as a file name, must refuse these.
 */
export class Resource {
  /** Whether this resource responds for all paths below it. */
  readonly isLeaf: boolean = false
  readonly #children = new Map<string, Resource>()
  #allowedMethods: readonly string[] | undefined

  /**
   * Responds to the HTTP method in its name. A subclass may add others in capitals, such as `render_PURGE`.
   *
   * @returns a string, sent as HTML, or bytes, unless it sets a Content-Type; either in pieces, which are
   *   requested as the client reads them; NOT_DONE_YET when the response is finished through the request.
   */
  render_GET?(request: Request): RenderResult
  render_HEAD?(request: Request): RenderResult
  render_POST?(request: Request): RenderResult
  render_PUT?(request: Request): RenderResult
  render_PATCH?(request: Request): RenderResult
  render_DELETE?(request: Request): RenderResult
  render_OPTIONS?(request: Request): RenderResult

  /**
   * Adds `child` below this resource, under one decoded path segment; '' follows a trailing slash.
   *
   * @throws {TypeError} when `segment` is not a string or has a slash: add a resource for each segment; when
   *   `child` is not a Resource.
   */
  putChild(segment: string, child: Resource): void {
    if (typeof segment !== 'string') throw new TypeError('Cannot put a child: a segment is a string')
    if (segment.includes('/')) {
      throw new TypeError(
        `Cannot put a child at "${segment}": a segment cannot have a slash, nest resources instead`,
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
   * Returns the child for a segment without a `putChild`. Override it to make resources on demand.
   *
   * By default, it returns the resource itself for an empty segment at the end of the path, so that a
   * trailing slash makes no difference, and undefined for any other segment: `//admin` is not `/admin`.
   *
   * @returns undefined when there is no child, which is a 404.
   * @throws {HTTPError} with any status: an override may throw one.
   */
  getChild(segment: string, request: Request): Resource | undefined | PromiseLike<Resource | undefined> {
    return segment === '' && request.postpath.length === 0 ? this : undefined
  }

  /** Returns the child for a segment: one that was added with `putChild`, else the result of `getChild`. */
  getChildWithDefault(
    segment: string,
    request: Request,
  ): Resource | undefined | PromiseLike<Resource | undefined> {
    return this.#children.get(segment) ?? this.getChild(segment, request)
  }

  /**
   * Returns the methods that this resource supports, as an Allow header lists them. They are looked up once.
   */
  allowedMethods(): string[] {
    this.#allowedMethods ??= this.#findAllowedMethods()
    return [...this.#allowedMethods]
  }
  /**
   * Responds with the `render_…` method for the request's method. By default, HEAD uses `render_GET`, whose
   * body is not sent, and OPTIONS lists the methods.
   *
   * @throws {HTTPError} 405 for a method that is not supported, 501 for an unknown one; 404 when there is no
   *   `render_…`.
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

  /** Methods beyond the usual ones. Only the names of `render_…` list them. */
  #findExtensionMethods(): string[] {
    const methods = namesOf(this)
      .filter((name) => name.startsWith('render_') && !RENDERERS.has(name))
      .map((name) => name.slice('render_'.length))
    return [...new Set(methods)].filter((method) => this.#renderer(method) !== undefined).toSorted()
  }
}

/** The property names of a resource, its own and those of its classes below Resource. */
function namesOf(resource: Resource): string[] {
  const names: string[] = []
  let from: object | null = resource
  while (from !== null && from !== Resource.prototype) {
    names.push(...Object.getOwnPropertyNames(from))
    from = Reflect.getPrototypeOf(from)
  }
  return names
}

/** Whether a value is a resource: a caller may not check types. */
export function isResource(value: unknown): value is Resource {
  return value instanceof Resource
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Made once, because every request uses it. */
const RENDERER: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, `render_${method}`]))
const RENDERERS: ReadonlySet<string> = new Set(RENDERER.values())
/** Methods are in capitals by convention (RFC 9110 §9.1). A client cannot call `render_page`. */
const EXTENSION_METHOD = /^[A-Z][A-Z0-9_-]*$/
