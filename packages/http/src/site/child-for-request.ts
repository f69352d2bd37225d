import { isThenable } from '@ropewalk/core/reactor'
import type { Request } from '../server/request.ts'
import { shownType } from './render-result.ts'
import { isResource, type Resource } from './resource.ts'

/** The resource at a path; undefined when there is none. */
export type Found = Resource | undefined

/**
 * Follows `request.postpath` from a resource to a leaf or to the last segment. A resource that wraps another
 * one, and is a leaf, finds the resource to render with it.
 *
 * Each segment that is followed moves from `postpath` to `prepath`.
 *
 * @returns undefined when there is no such resource, which is a 404.
 * @throws {TypeError} when a `getChild` returns a value that is neither a resource nor undefined.
 */
export function getChildForRequest(from: Resource, request: Request): Found | Promise<Found> {
  if (from.isLeaf) return from
  const segment = request.postpath.shift()
  if (segment === undefined) return from
  request.prepath.push(segment)
  return follow(from, segment, request)
}

/**
 * Follows a path from the root of a site as `getChildForRequest` does, and sets `prepath` and `postpath`.
 *
 * @param first The first segment; `rest` has those after it.
 */
export function getChildForPath(
  root: Resource,
  request: Request,
  first: string,
  rest: string[],
): Found | Promise<Found> {
  // The arrays have their size from the beginning: one that grows has space for 17 segments.
  const { isLeaf } = root
  request.prepath = isLeaf ? [] : [first]
  request.postpath = isLeaf ? [first, ...rest] : rest
  return isLeaf ? root : follow(root, first, request)
}

/** @param first The first segment to follow; it is in `prepath` already. */
function follow(from: Resource, first: string, request: Request): Found | Promise<Found> {
  let resource = from
  let segment: string | undefined = first
  while (segment !== undefined) {
    const child: unknown = resource.getChildWithDefault(segment, request)
    if (isThenable(child)) return followLater(child, resource, segment, request)
    const found = childOf(resource, segment, child)
    if (found === undefined || found.isLeaf) return found
    resource = found
    segment = request.postpath.shift()
    if (segment !== undefined) request.prepath.push(segment)
  }
  return resource
}

async function followLater(
  child: PromiseLike<unknown>,
  parent: Resource,
  segment: string,
  request: Request,
): Promise<Found> {
  const found = childOf(parent, segment, await child)
  return found === undefined ? undefined : getChildForRequest(found, request)
}

function childOf(parent: Resource, segment: string, child: unknown): Found {
  if (isResource(child)) return child
  if (child === undefined || child === null) return undefined
  const returned = `getChild of ${parent.constructor.name} returned for ${JSON.stringify(segment.slice(0, 80))}`
  throw new TypeError(
    `Cannot follow what ${returned} (${shownType(child)}): return a Resource, or undefined for 404`,
  )
}
