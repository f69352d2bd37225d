import type { GivenOptions } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import type { HTTPChannelOptions } from '../server/channel-options.ts'
import { HTTPFactory } from '../server/http-factory.ts'
import type { Request } from '../server/request.ts'
import { sendResult } from './render-result.ts'
import type { Resource } from './resource.ts'

/** An HTTP server whose answers are a tree of resources. */
export class Site extends HTTPFactory {
  /** The root of the tree. */
  readonly resource: Resource

  /** @throws {TypeError | RangeError} as the constructor of `HTTPFactory` does. */
  constructor(resource: Resource, options?: GivenOptions<HTTPChannelOptions>) {
    super(options)
    this.resource = resource
  }

  override process(request: Request): void | Promise<void> {
    if (request.method === 'CONNECT') {
      request.endConnection()
      throw new HTTPError(501)
    }
    if (request.path === '*') return sendResult(request, '')
    const resource = this.getResourceFor(request)
    if (resource instanceof Promise) return this.#renderLater(request, resource)
    return sendResult(request, resource.render(request))
  }

  /**
   * Finds the resource for a request: follows the decoded path segments from the root to a leaf or
   * to their end.
   *
   * @throws {HTTPError} 400 when a segment is not percent-encoded UTF-8; 404 where the tree ends.
   */
  getResourceFor(request: Request): Resource | Promise<Resource> {
    request.prepath = []
    request.postpath = request.path === '/' ? [''] : request.path.slice(1).split('/').map(decodeSegment)
    return this.#descend(this.resource, request)
  }

  async #renderLater(request: Request, resource: Promise<Resource>): Promise<void> {
    const found = await resource
    // What it renders could not be sent to a client that has gone meanwhile.
    if (request.outcome !== undefined) return
    await sendResult(request, found.render(request))
  }

  #descend(from: Resource, request: Request): Resource | Promise<Resource> {
    let resource = from
    while (!resource.isLeaf) {
      const segment = request.postpath.shift()
      if (segment === undefined) break
      request.prepath.push(segment)
      const child = resource.getChildWithDefault(segment, request)
      if (child instanceof Promise) return child.then((found) => this.#descend(found, request))
      resource = child
    }
    return resource
  }
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new HTTPError(400, 'Cannot decode the path', { cause })
  }
}
