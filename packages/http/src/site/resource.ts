import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { isClass, type RenderResult, shownType } from './render-result.ts'
import { Route, RouteBranch, type RouteFunction, type RouteSegment } from './routes.ts'

/** Makes the child for one request. It may return a promise, and undefined for a 404. */
export type ResourceFunction = (request: Request) => Resource | undefined | PromiseLike<Resource | undefined>

/**
 * Responds to the requests for one path of a site: subclass it and write a `render_GET`, `render_POST`, …
 *
 * A site follows a request's path segment by segment: to a child added with `putChild`, else to one of a
 * `route` with a parameter, else to what `getChild` returns. A resource with `isLeaf` receives all remaining
 * segments, in `request.postpath`.
 *
 * Each segment is decoded by itself. It is a name, not a path: it may be empty, or contain `/`, `\\`, NUL
 * or `..`. Code that makes a path from segments, such as a file name, must refuse these.
 */
export class Resource {
  /** Whether this resource responds for all paths below it. */
  readonly isLeaf: boolean = false
  readonly #children = new Map<string, Resource | ResourceFunction>()
  #branch: RouteBranch<RoutePoint> | undefined
  #allowedMethods: readonly string[] | undefined

  /**
   * Responds to the HTTP method in its name. A subclass may add others in capitals, such as `render_PURGE`.
   *
   * @returns a string, sent as HTML, or bytes, unless it sets a Content-Type; either in pieces, which are
   *   requested as the client reads them; an object, an array, a number or a boolean, sent as JSON; `html` of a
   *   template; a `Response` of the web; NOT_DONE_YET when the response is finished through the request.
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
   * @param child A resource, or a function that makes one for each request.
   * @throws {TypeError} when `segment` is not a string or has a slash: add a resource for each segment; when it
   *   is the parameter of a route, such as `:room`; when `child` is not a Resource, or has a misspelt method such
   *   as `render_get`; when it would hide a route; when this resource is a leaf, so that no request would reach
   *   the child.
   */
  putChild(segment: string, child: Resource | ResourceFunction): void {
    if (typeof segment !== 'string') throw new TypeError('Cannot put a child: a segment is a string')
    const attempt = `Cannot put a child at "${segment}"`
    if (this.isLeaf) throw new TypeError(`${attempt}: ${this.constructor.name} is a leaf, ${LEAF_ADVICE}`)
    if (segment.includes('/')) {
      throw new TypeError(`${attempt}: a segment cannot have a slash, nest resources instead`)
    }
    if (/^[:*]./.test(segment)) {
      throw new TypeError(`${attempt}: a child has one fixed name, use route or getChild for any name`)
    }
    if (isResource(child)) assertSpelling(attempt, child)
    else if (!isResourceFunction(child)) {
      throw new TypeError(`${attempt}: give a Resource, ${shownType(child)} is not one`)
    }
    const hidden = segment === '' ? this.#branch?.routes.values().next().value : this.#routeAt(segment)
    if (hidden !== undefined) {
      throw new TypeError(`${attempt}: it would hide the route ${hidden.pattern}, put the child first`)
    }
    this.#children.set(segment, child)
  }

  /**
   * Removes the child that `putChild` or `route` has added under a segment, with everything below it.
   *
   * @returns whether there was one.
   */
  delEntity(segment: string): boolean {
    return this.#children.delete(segment)
  }

  /** Returns the segments under which this resource has children. Those of `getChild` are not known. */
  listNames(): string[] {
    return [...this.#children.keys()]
  }

  /**
   * Responds to a method and a path below this resource with `respond`, as `render_…` methods would.
   *
   * A segment of the pattern is a decoded text, or `:name` for any one segment that is not empty. The last
   * one may be `*name`, for one or more segments of any kind. A text goes before a parameter, and a
   * parameter before the rest. HEAD, OPTIONS and other methods are as for any resource.
   *
   * @throws {TypeError} when the pattern cannot be read; when another route or a `render_…` responds to the
   *   same; when a resource on the way responds for itself, so that the route could not be reached.
   */
  route<const Pattern extends string>(pattern: Pattern, respond: RouteFunction<Pattern>): void {
    const route = new Route(pattern, respond)
    const resource = route.segments.reduce<Resource>((from, segment) => from.#follow(segment, route), this)
    if (resource === this && this.#children.has('')) throw hides(route, 'there is a child at ""')
    resource.#addRoute(route)
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

  /**
   * Returns the child for a segment: one that was added with `putChild` or `route`, else the result of
   * `getChild`.
   */
  getChildWithDefault(
    segment: string,
    request: Request,
  ): Resource | undefined | PromiseLike<Resource | undefined> {
    const child = this.#children.get(segment)
    if (this.#branch !== undefined && (child === undefined || child instanceof RoutePoint)) {
      const routed = this.#routedChild(child, segment, request.postpath)
      if (routed !== undefined) return routed
    }
    if (child === undefined) return this.getChild(segment, request)
    return typeof child === 'function' ? child(request) : child
  }

  /**
   * Returns the methods that this resource supports, as an Allow header lists them. They are looked up once.
   *
   * @throws {TypeError} when a method is misspelt, such as `render_get`.
   */
  allowedMethods(): string[] {
    this.#allowedMethods ??= this.#findAllowedMethods()
    return [...this.#allowedMethods]
  }

  /**
   * Responds with the `render_…` method or the route for the request's method. By default, HEAD uses that of
   * GET, whose body is not sent, and OPTIONS lists the methods.
   *
   * @throws {HTTPError} 405 for a method that is not supported, 501 for an unknown one; 404 when there is no
   *   `render_…` and no route.
   */
  render(request: Request): RenderResult {
    const { method } = request
    const route = this.#branch?.routeFor(method)
    if (route !== undefined) return route.respond(request)
    // The most frequent method is not looked up by a name.
    if (method === 'GET' && typeof this.render_GET === 'function') return this.render_GET(request)
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
    assertSpelling('Cannot list methods', this)
    const routes = this.#branch?.routes
    const own = METHODS.filter((method) => this.#renderer(method) !== undefined || routes?.has(method))
    if (own.includes('GET') && !own.includes('HEAD')) own.push('HEAD')
    if (!own.includes('OPTIONS')) own.push('OPTIONS')
    return [...own, ...this.#findExtensionMethods(routes?.keys() ?? [])]
  }

  /** Methods beyond the usual ones. Only the names of `render_…` and the routes list them. */
  #findExtensionMethods(routed: Iterable<string>): string[] {
    const methods = namesOf(this)
      .filter((name) => name.startsWith('render_') && !RENDERERS.has(name))
      .map((name) => name.slice('render_'.length))
      .filter((method) => this.#renderer(method) !== undefined)
    const others = Array.from(routed).filter((method) => !METHODS.includes(method))
    return [...new Set([...methods, ...others])].toSorted()
  }

  /** Returns where a segment of a route's pattern leads from here, and adds it if it is not there yet. */
  #follow({ is, name }: RouteSegment, route: Route): Resource {
    const { constructor } = this
    if (this.isLeaf)
      throw new TypeError(`Cannot route ${route.pattern}: ${constructor.name} is a leaf, ${LEAF_ADVICE}`)
    if (this.getChildWithDefault !== Resource.prototype.getChildWithDefault)
      throw hides(
        route,
        `${constructor.name} has its own getChildWithDefault (if it wraps a resource, add the route to that one)`,
      )
    if (is === 'text') return this.#followText(name, route)
    if (this.getChild !== Resource.prototype.getChild)
      throw hides(route, `${constructor.name} has its own getChild`)
    this.#branch ??= new RouteBranch()
    if (is === 'parameter') return (this.#branch.parameter ??= new RoutePoint())
    return (this.#branch.rest ??= new RouteRest())
  }

  #followText(segment: string, route: Route): Resource {
    const child = this.#children.get(segment)
    if (typeof child === 'function') throw hides(route, `a function makes the resource for "${segment}"`)
    if (child !== undefined) return child
    const point = new RoutePoint()
    this.#children.set(segment, point)
    return point
  }

  #addRoute(route: Route): void {
    const { constructor } = this
    if (this.render !== Resource.prototype.render)
      throw hides(route, `${constructor.name} has its own render`)
    if (this.#renderer(route.method) !== undefined)
      throw hides(route, `${constructor.name} has a render_${route.method}`)
    this.#branch ??= new RouteBranch()
    const other = this.#branch.routes.get(route.method)
    if (other !== undefined) throw hides(route, `${other.pattern} is the same`)
    this.#branch.routes.set(route.method, route)
    this.#allowedMethods = undefined
  }

  /** A route that goes through the child for a segment, if only routes have made this child. */
  #routeAt(segment: string): Route | undefined {
    const child = this.#children.get(segment)
    return child instanceof RoutePoint ? child.#anyRoute() : undefined
  }

  #anyRoute(): Route | undefined {
    const { routes, parameter, rest } = this.#branch ?? new RouteBranch<RoutePoint>()
    const below = [parameter, rest, ...this.#children.values()].filter((child) => child instanceof RoutePoint)
    return routes.values().next().value ?? below.map((point) => point.#anyRoute()).find(Boolean)
  }

  /**
   * Chooses among what the routes have for a segment: the first that leads on.
   *
   * @param ahead The segments after this one.
   * @returns undefined when no route has this segment.
   */
  #routedChild(
    child: RoutePoint | undefined,
    segment: string,
    ahead: readonly string[],
  ): Resource | undefined {
    const { parameter, rest, routes } = this.#branch ?? new RouteBranch<RoutePoint>()
    // A trailing slash makes no difference where a route ends.
    if (segment === '') return ahead.length === 0 && routes.size > 0 ? undefined : rest
    const isOnly = parameter === undefined && rest === undefined
    if (child !== undefined && (isOnly || child.#leads(ahead, 0))) return child
    if (parameter !== undefined && (rest === undefined || parameter.#leads(ahead, 0))) return parameter
    return rest ?? child
  }

  /** Whether a route, or a resource that was put below one, responds to the segments from `at` on. */
  #leads(ahead: readonly string[], at: number): boolean {
    const segment = ahead[at]
    const branch = this.#branch
    if (segment === undefined) return branch !== undefined && branch.routes.size > 0
    const child = this.#children.get(segment)
    if (child !== undefined && (!(child instanceof RoutePoint) || child.#leads(ahead, at + 1))) return true
    if (branch === undefined) return false
    if (segment !== '' && branch.parameter !== undefined && branch.parameter.#leads(ahead, at + 1))
      return true
    return branch.rest !== undefined || (segment === '' && at === ahead.length - 1 && branch.routes.size > 0)
  }
}

/** A resource that exists only because a route goes through it. */
class RoutePoint extends Resource {}

/** Responds for all paths below it. */
class RouteRest extends RoutePoint {
  override readonly isLeaf = true
}

function hides(route: Route, why: string): TypeError {
  return new TypeError(`Cannot route ${route.pattern}: ${why}, which would hide one of the two`)
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

/** Whether a value may be a function that makes resources. A class is not one: it cannot be called. */
function isResourceFunction(value: unknown): value is ResourceFunction {
  return typeof value === 'function' && !isClass(value) && !(value.prototype instanceof Resource)
}

/**
 * Finds a method that no request calls because of its small letters, such as `render_get`.
 *
 * @param attempt What the error's message begins with.
 * @throws {TypeError} when there is one, and no method with the right name.
 */
export function assertSpelling(attempt: string, resource: Resource): void {
  const names = namesOf(resource).filter((name) => name.startsWith('render_'))
  for (const name of names) {
    const right = `render_${name.slice('render_'.length).toUpperCase()}`
    if (name === right || !RENDERERS.has(right) || names.includes(right)) continue
    const owner = resource.constructor.name
    throw new TypeError(`${attempt}: ${owner} has ${name}, which no request calls, write ${right}`)
  }
}

const LEAF_ADVICE =
  'which responds for all paths below it: add to the resource that it wraps, or to a Resource that returns it from getChild'
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Made once, because every request uses it. */
const RENDERER: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, `render_${method}`]))
const RENDERERS: ReadonlySet<string> = new Set(RENDERER.values())
/**
 * Tokens without small letters: methods are in capitals by convention (RFC 9110 §9.1). A client cannot call
 * `render_page`. A Site responds to CONNECT itself.
 */
const EXTENSION_METHOD = /^(?!CONNECT$)[A-Z][A-Z0-9!#$%&'*+.^_`|~-]*$/
