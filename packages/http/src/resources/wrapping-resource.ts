import { isThenable } from '@ropewalk/core/reactor'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { type Found, getChildForRequest } from '../site/child-for-request.ts'
import { type Rendered, type RenderResult, shownType } from '../site/render-result.ts'
import { isResource, Resource, type ResourceFunction } from '../site/resource.ts'
import type { RouteFunction } from '../site/routes.ts'

/**
 * A resource that stands in front of another one: subclass it, and override `render`.
 *
 * It receives every request for the path at which it is put and for all paths below. `super.render(request)`
 * follows the rest of the path from `resource` and renders what it finds. Before it, a subclass can respond
 * itself, throw an HTTPError, or add headers with `request.beforeHead`, which also sees error pages; after it,
 * a subclass can wait for the result.
 */
export class WrappingResource extends Resource {
  override readonly isLeaf: boolean = true
  /** The resource behind this one. */
  readonly resource: Resource

  /**
   * @param owner What takes the resource, as error messages name it.
   * @throws {TypeError} when `resource` is not a Resource.
   */
  constructor(resource: Resource, owner: string = new.target.name) {
    super()
    checkResource(owner, resource)
    this.resource = resource
  }

  /** Adds the child to the resource behind this one. */
  override putChild(segment: string, child: Resource | ResourceFunction): void {
    this.resource.putChild(segment, child)
  }

  /** Removes the child from the resource behind this one. */
  override delEntity(segment: string): boolean {
    return this.resource.delEntity(segment)
  }

  /** Returns the names of the children of the resource behind this one. */
  override listNames(): string[] {
    return this.resource.listNames()
  }

  /** Adds the route to the resource behind this one. */
  override route<const Pattern extends string>(pattern: Pattern, respond: RouteFunction<Pattern>): void {
    this.resource.route(pattern, respond)
  }

  /** Returns the methods of the resource behind this one. */
  override allowedMethods(): string[] {
    return this.resource.allowedMethods()
  }

  override render(request: Request): RenderResult {
    return renderFrom(this.resource, request)
  }
}

/**
 * Responds with the resource that the rest of the path, `request.postpath`, leads to from `resource`, as a Site
 * does from its root.
 *
 * @throws {HTTPError} 404 when there is none (throws or rejects); else what `getChild` and `render` throw.
 * @throws {TypeError} when a `getChild` returns a value that is neither a resource nor undefined.
 */
export function renderFrom(resource: Resource, request: Request): RenderResult {
  const found = getChildForRequest(resource, request)
  return isThenable(found) ? renderLater(found, request) : renderFound(found, request)
}

/** @throws {TypeError} when `resource` is not a Resource: a caller may not check types. */
export function checkResource(owner: string, resource: unknown): void {
  if (isResource(resource)) return
  throw new TypeError(`Cannot take ${shownType(resource)} as the resource of ${owner}: give a Resource`)
}

async function renderLater(found: PromiseLike<Found>, request: Request): Promise<Rendered> {
  const resource = await found
  // The client may have gone meanwhile: a response could not be sent.
  return request.outcome === undefined ? renderFound(resource, request) : ''
}

function renderFound(found: Found, request: Request): RenderResult {
  if (found === undefined) throw HTTPError.withoutStack(404)
  return found.render(request)
}
