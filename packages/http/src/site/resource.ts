import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from './render-result.ts'

/**
 * What answers at one place of a site: subclass it and write a `render_GET`, `render_POST`, …
 *
 * A request finds its resource segment by segment: children put there with `putChild`, else what
 * `getChild` answers. A resource that `isLeaf` takes all that is left, in `request.postpath`.
 */
export class Resource {
  /** Whether this resource answers for everything below it. */
  readonly isLeaf: boolean = false
  readonly #children = new Map<string, Resource>()

  /** Answers the method of its name. */
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
   * @throws {TypeError} when `segment` holds a slash: put a resource under each segment.
   */
  putChild(segment: string, child: Resource): void {
    if (segment.includes('/')) {
      throw new TypeError(
        `Cannot put a child at "${segment}": a segment has no slash, nest resources instead`,
      )
    }
    this.#children.set(segment, child)
  }

  /**
   * The child for a segment that `putChild` does not know: for '' the resource itself, so that a
   * trailing slash makes no difference. Override it to make resources on the fly.
   *
   * @throws {HTTPError} 404, as any resource may.
   */
  getChild(segment: string, _request: Request): Resource | Promise<Resource> {
    if (segment === '') return this
    throw new HTTPError(404)
  }

  /** The child for a segment: one that was put there, else `getChild`'s. */
  getChildWithDefault(segment: string, request: Request): Resource | Promise<Resource> {
    return this.#children.get(segment) ?? this.getChild(segment, request)
  }

  /** The methods this resource answers, as an Allow header lists them. */
  allowedMethods(): string[] {
    const own = METHODS.filter((method) => this.#renderer(method) !== undefined)
    if (own.includes('GET') && !own.includes('HEAD')) own.push('HEAD')
    if (!own.includes('OPTIONS')) own.push('OPTIONS')
    return own
  }

  /**
   * Answers the request with the method of its name; HEAD with `render_GET`, whose body is not sent;
   * OPTIONS with the list of methods; else 405, or 501 for a method nobody knows.
   */
  render(request: Request): RenderResult {
    const { method } = request
    const renderer = this.#renderer(method) ?? (method === 'HEAD' ? this.#renderer('GET') : undefined)
    if (renderer !== undefined) return renderer.call(this, request)
    if (!METHODS.includes(method) && method !== 'TRACE') throw new HTTPError(501)
    const allow = this.allowedMethods().join(', ')
    if (method !== 'OPTIONS') throw new HTTPError(405, undefined, { headers: [['Allow', allow]] })
    request.setHeader('Allow', allow)
    request.setResponseCode(204)
    return ''
  }

  #renderer(method: string): ((request: Request) => RenderResult) | undefined {
    const name = RENDERER.get(method) ?? `render_${method}`
    const renderer: unknown = Reflect.get(this, name)
    return typeof renderer === 'function' ? (renderer as (request: Request) => RenderResult) : undefined
  }
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Made once: it is looked up for every request. */
const RENDERER: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, `render_${method}`]))
