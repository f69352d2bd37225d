import { callable, checkValue, type GivenOptions, withDefaults } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { NOT_DONE_YET, type NotDoneYet, shownType } from '../site/render-result.ts'
import { Resource } from '../site/resource.ts'
import { isWebResponse, sendWebResponse } from '../site/web-response.ts'
import { DEFAULT_MOUNT_OPTIONS, MOUNT_OPTION_RULES, type MountOptions, mountTarget } from './mount-target.ts'
import { webRequest } from './web-request.ts'

/** What a fetch function gets beside the request: Hono calls it the bindings, `c.env`. */
export interface FetchContext {
  /** The request of the site: its client's address, its reactor. */
  readonly request: Request
}

/** A program that responds to a request of the web, such as `app.fetch` of Hono or of h3. */
export type FetchFunction = (
  request: globalThis.Request,
  context: FetchContext,
) => Response | PromiseLike<Response>

/**
 * Responds to all requests for its path, and for the paths below it, with a fetch function.
 *
 * Bodies are streamed both ways: a request's body is read from the connection as the function reads it, and
 * the response's body is read as the client reads it. The signal of the function's request is aborted when the
 * client leaves. The limits and deadlines of the site apply.
 */
export class FetchResource extends Resource {
  override readonly isLeaf = true
  readonly #fetch: FetchFunction
  readonly #options: MountOptions

  /** @throws {TypeError} when `fetch` is not a function, or an option does not exist or has the wrong type. */
  constructor(fetch: FetchFunction, options?: GivenOptions<MountOptions>) {
    super()
    checkValue('FetchResource', 'fetch', fetch, callable)
    this.#fetch = fetch
    this.#options = withDefaults('FetchResource', DEFAULT_MOUNT_OPTIONS, options, MOUNT_OPTION_RULES)
  }

  /**
   * Calls the function, and sends its response.
   *
   * @throws {HTTPError} (rejects) 400 for a target that is not a URL, or that a URL would change: it has a segment
   *   `.` or `..`; 501 for a method that a request of the web cannot have.
   * @throws {TypeError} (rejects) when the function does not return a Response.
   */
  override async render(request: Request): Promise<NotDoneYet> {
    const response: unknown = await this.#fetch(webRequest(request, webURL(request, this.#options)), {
      request,
    })
    if (!isWebResponse(response))
      throw new TypeError(
        `Cannot send what the fetch function returned (${shownType(response)}): return a Response`,
      )
    await sendWebResponse(request, response)
    return NOT_DONE_YET
  }
}

/** A URL resolves `..`, so that the path would no longer be the one by which the site chose this resource. */
function webURL(request: Request, options: MountOptions): URL {
  const { url } = mountTarget(request, options)
  const [path = ''] = url.split('?', 1)
  if (CHANGED_PATH.test(path)) throw HTTPError.withoutStack(400, 'Cannot resolve dot segments in the path')
  const authority = request.getRequestAuthority() || 'localhost'
  try {
    return new URL(`${request.isSecure() ? 'https' : 'http'}://${authority}${url}`)
  } catch (cause) {
    throw HTTPError.withoutStack(400, 'Cannot make a URL from Host and path', { cause })
  }
}

const CHANGED_PATH = /\/(?:\.|%2e){1,2}(?:\/|$)|\\/i
