import { isThenable } from '@ropewalk/core/reactor'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { type Rendered, type RenderResult, shownType } from '../site/render-result.ts'
import { isResource, Resource } from '../site/resource.ts'

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
  override putChild(segment: string, child: Resource): void {
    this.resource.putChild(segment, child)
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
  const found = descend(resource, request)
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

function descend(from: Resource, request: Request): Found | Promise<Found> {
  let resource = from
  while (!resource.isLeaf) {
    const segment = request.postpath.shift()
    if (segment === undefined) break
    request.prepath.push(segment)
    const child: unknown = resource.getChildWithDefault(segment, request)
    if (isThenable(child)) return descendLater(child, resource, segment, request)
    const found = childOf(resource, segment, child)
    if (found === undefined) return undefined
    resource = found
  }
  return resource
}

async function descendLater(
  child: PromiseLike<unknown>,
  parent: Resource,
  segment: string,
  request: Request,
): Promise<Found> {
  const found = childOf(parent, segment, await child)
  return found === undefined ? undefined : descend(found, request)
}

function childOf(parent: Resource, segment: string, child: unknown): Found {
  if (isResource(child)) return child
  if (child === undefined || child === null) return undefined
  const returned = `getChild of ${parent.constructor.name} returned for ${JSON.stringify(segment.slice(0, 80))}`
  throw new TypeError(
    `Cannot follow what ${returned} (${shownType(child)}): return a Resource, or undefined for 404`,
  )
}

/** The resource at a path; undefined when there is none. */
type Found = Resource | undefined
