import { isThenable } from '@ropewalk/core/reactor'
import { checkOptions, flag, type GivenOptions, type OptionRules } from '@ropewalk/core/options'
import { HTTPError, type RemoteProtocolError } from '../errors.ts'
import { HTTP_FACTORY_OPTION_RULES, HTTPFactory, type HTTPFactoryOptions } from '../server/http-factory.ts'
import { asError, type RenderedError } from '../response/error-response.ts'
import type { Request } from '../server/request.ts'
import { type Found, getChildForPath } from './child-for-request.ts'
import { type ErrorBody, ErrorPages, ownPage } from './error-pages.ts'
import { sendResult, shownType } from './render-result.ts'
import { assertSpelling, isResource, type Resource } from './resource.ts'
import type { RouteFunction } from './routes.ts'

/** The options of a `Site`. */
export interface SiteOptions extends HTTPFactoryOptions {
  /**
   * Whether an error page for a fault of the program shows the error with its stack, and the request. For
   * development only: it shows paths and texts of the program. Default false.
   */
  readonly displayTracebacks: boolean
}

/** An HTTP server whose responses come from a tree of resources. */
export class Site extends HTTPFactory {
  /** The root of the tree. */
  readonly resource: Resource
  /** The option of this name. It may be changed at any time. */
  displayTracebacks: boolean
  readonly #pages = new ErrorPages()

  /**
   * @throws {TypeError} when `resource` is not a Resource, or has a misspelt method such as `render_get`; as
   *   the constructor of `HTTPFactory` does.
   * @throws {RangeError} as the constructor of `HTTPFactory` does.
   */
  constructor(resource: Resource, options?: GivenOptions<SiteOptions>) {
    checkOptions(new.target.name || 'Site', options, SITE_OPTION_RULES)
    const { displayTracebacks = false, ...rest } = options ?? {}
    super(rest)
    if (!isResource(resource)) {
      throw new TypeError(
        `Cannot make a Site: its resource must be a Resource, ${shownType(resource)} is not one`,
      )
    }
    assertSpelling('Cannot make a Site', resource)
    this.resource = resource
    this.displayTracebacks = displayTracebacks
  }

  /**
   * Makes the error page for an error that a resource has thrown, and for a request or a part of one that the
   * server refuses. Assign a function, or override it. Without one, or if it returns undefined, the page is
   * HTML, JSON or problem details (RFC 9457), as the client accepts.
   *
   * The page is sent with the status of the error. The function may set headers and another status through
   * the request; it must not write, and returns at once, because the connection may close after the page. If
   * it throws, that is logged, and the page is the one without it.
   *
   * @param error An HTTPError, the RemoteProtocolError of a client that violates HTTP, or any other error,
   *   which is a 500. `statusOf` returns the status.
   * @param request undefined when the client has sent no whole head.
   * @returns a string or `html` of a template, sent as HTML, or bytes, unless it sets a Content-Type; or a value that is sent as JSON.
   */
  errorPage?(
    error: HTTPError | RemoteProtocolError | Error,
    request: Request | undefined,
  ): ErrorBody | undefined

  /** Responds to a method and a path: `site.resource.route`. */
  route<const Pattern extends string>(pattern: Pattern, respond: RouteFunction<Pattern>): void {
    this.resource.route(pattern, respond)
  }

  override process(request: Request): void | Promise<void> {
    if (request.method === 'CONNECT') {
      request.endConnection()
      throw HTTPError.withoutStack(501)
    }
    if (request.path === '*') return sendResult(request, '')
    const resource = this.getResourceFor(request)
    if (isThenable(resource)) return this.#renderLater(request, resource)
    if (resource === undefined) return this.#sendNotFound(request)
    return sendResult(request, resource.render(request))
  }

  /**
   * Finds the resource for a request: follows the decoded path segments from the root to a leaf or to
   * the last segment.
   *
   * @returns undefined when there is no such resource, which is a 404.
   * @throws {HTTPError} 400 when a segment is not percent-encoded UTF-8.
   * @throws {TypeError} when a `getChild` returns a value that is neither a resource nor undefined.
   */
  getResourceFor(request: Request): Found | PromiseLike<Found> {
    const { path } = request
    const slash = path.indexOf('/', 1)
    const first = decodeSegment(path.slice(1, slash < 0 ? path.length : slash))
    const rest =
      slash < 0
        ? []
        : path
            .slice(slash + 1)
            .split('/')
            .map(decodeSegment)
    return getChildForPath(this.resource, request, first, rest)
  }

  /** Returns the child of the root for a segment, so that a site can stand where a resource is asked for one. */
  getChildWithDefault(segment: string, request: Request): Found | PromiseLike<Found> {
    return this.resource.getChildWithDefault(segment, request)
  }

  override renderError(error: unknown, request: Request | undefined): RenderedError {
    const page = this.errorPage?.(asError(error), request)
    if (page !== undefined) return ownPage(page)
    return this.#pages.standard(error, request, this.displayTracebacks)
  }

  /** Does what the channel does for a thrown 404, without throwing it: that takes as long as half of a response. */
  #sendNotFound(request: Request): void {
    const error = HTTPError.withoutStack(404)
    // A subclass may catch it. A `getChild` that has begun the response itself has failed.
    if (this.process !== Site.prototype.process || request.started) throw error
    request.processingFailed(error)
  }

  async #renderLater(request: Request, resource: PromiseLike<Found>): Promise<void> {
    const found = await resource
    // The client may have gone meanwhile: a response could not be sent.
    if (request.outcome !== undefined) return
    if (found === undefined) return this.#sendNotFound(request)
    await sendResult(request, found.render(request))
  }
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw HTTPError.withoutStack(400, 'Cannot decode the path', { cause })
  }
}

const SITE_OPTION_RULES: OptionRules<SiteOptions> = { ...HTTP_FACTORY_OPTION_RULES, displayTracebacks: flag }
