import { isThenable } from '@ropewalk/core/reactor'
import type { GivenOptions } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import type { HTTPChannelOptions } from '../server/channel-options.ts'
import { HTTPFactory } from '../server/http-factory.ts'
import type { Request } from '../server/request.ts'
import { sendResult, shownType } from './render-result.ts'
import { isResource, type Resource } from './resource.ts'

/** An HTTP server whose responses come from a tree of resources. */
export class Site extends HTTPFactory {
  /** The root of the tree. */
  readonly resource: Resource

  /**
   * @throws {TypeError} when `resource` is not a Resource; as the constructor of `HTTPFactory` does.
   * @throws {RangeError} as the constructor of `HTTPFactory` does.
   */
  constructor(resource: Resource, options?: GivenOptions<HTTPChannelOptions>) {
    super(options)
    if (!isResource(resource)) {
      throw new TypeError(
        `Cannot make a Site: its resource must be a Resource, ${shownType(resource)} is not one`,
      )
    }
    this.resource = resource
  }

  override process(request: Request): void | Promise<void> {
    if (request.method === 'CONNECT') {
      request.endConnection()
      throw HTTPError.withoutStack(501)
    }
    if (request.path === '*') return sendResult(request, '')
    const resource = this.getResourceFor(request)
    if (isThenable(resource)) return this.#renderLater(request, resource)
    if (resource === undefined) throw HTTPError.withoutStack(404)
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
    request.prepath = []
    request.postpath = request.path === '/' ? [''] : request.path.slice(1).split('/').map(decodeSegment)
    return this.#descend(this.resource, request)
  }

  async #renderLater(request: Request, resource: PromiseLike<Found>): Promise<void> {
    const found = await resource
    // The client may have gone meanwhile: a response could not be sent.
    if (request.outcome !== undefined) return
    if (found === undefined) throw HTTPError.withoutStack(404)
    await sendResult(request, found.render(request))
  }

  #descend(from: Resource, request: Request): Found | Promise<Found> {
    let resource = from
    while (!resource.isLeaf) {
      const segment = request.postpath.shift()
      if (segment === undefined) break
      request.prepath.push(segment)
      const child: unknown = resource.getChildWithDefault(segment, request)
      if (isThenable(child)) return this.#descendLater(child, resource, segment, request)
      const found = childOf(resource, segment, child)
      if (found === undefined) return undefined
      resource = found
    }
    return resource
  }

  async #descendLater(
    child: PromiseLike<unknown>,
    parent: Resource,
    segment: string,
    request: Request,
  ): Promise<Found> {
    const found = childOf(parent, segment, await child)
    return found === undefined ? undefined : this.#descend(found, request)
  }
}

/** The resource at a path; undefined when there is none. */
type Found = Resource | undefined

function childOf(parent: Resource, segment: string, child: unknown): Found {
  if (isResource(child)) return child
  if (child === undefined || child === null) return undefined
  const returned = `getChild of ${parent.constructor.name} returned for ${JSON.stringify(segment.slice(0, 80))}`
  throw new TypeError(
    `Cannot follow what ${returned} (${shownType(child)}): return a Resource, or undefined for 404`,
  )
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw HTTPError.withoutStack(400, 'Cannot decode the path', { cause })
  }
}
