import { asciiHost } from '@ropewalk/core/reactor'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import { Resource } from '../site/resource.ts'
import { checkResource, renderFrom } from './wrapping-resource.ts'

/**
 * Chooses among resources by the host that the client asks for: the exact name first, then the longest wildcard,
 * then `default`. Without one of them the response is a 421.
 *
 * Names are compared without regard to case and to a dot at the end; the port does not count.
 *
 * @see RFC 9110 §7.2, §15.5.20
 */
export class NameVirtualHost extends Resource {
  override readonly isLeaf: boolean = true
  readonly #hosts = new Map<string, Resource>()
  #default: Resource | undefined

  /** @throws {TypeError} when `fallback` is not a Resource. */
  constructor(fallback?: Resource) {
    super()
    this.default = fallback
  }

  /** The resource for hosts that were not added, and for requests of HTTP/1.0 without Host. */
  get default(): Resource | undefined {
    return this.#default
  }

  set default(resource: Resource | undefined) {
    if (resource !== undefined) checkResource('NameVirtualHost', resource)
    this.#default = resource
  }

  /**
   * Responds with `resource` for a host: `example.org`, `bücher.example`, `192.0.2.1`, `[::1]`; or
   * `*.example.org` for every host below `example.org`. Replaces the resource that the host had.
   *
   * @throws {TypeError} when `name` is not the name of a host, or `resource` is not a Resource.
   */
  addHost(name: string, resource: Resource): void {
    checkResource('addHost', resource)
    this.#hosts.set(nameGiven('addHost', name), resource)
  }

  /**
   * Removes a host. Has no effect when it was not added.
   *
   * @throws {TypeError} when `name` is not the name of a host.
   */
  removeHost(name: string): void {
    this.#hosts.delete(nameGiven('removeHost', name))
  }

  override render(request: Request): RenderResult {
    const resource = this.#find(nameRequested(request.getRequestHostname())) ?? this.#default
    if (resource === undefined) throw HTTPError.withoutStack(421)
    return renderFrom(resource, request)
  }

  #find(name: string): Resource | undefined {
    const exact = this.#hosts.get(name)
    if (exact !== undefined || isNumeric(name)) return exact
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const found = this.#hosts.get(`*${name.slice(dot)}`)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** The form in which names are kept: lower case, encoded as in DNS, without brackets and without the last dot. */
function nameGiven(owner: string, given: unknown): string {
  const wanted = 'a host without scheme and port, such as example.org, or *.example.org'
  const refused = (): TypeError =>
    new TypeError(`Cannot take ${shownName(given)} as a host for ${owner}: give ${wanted}`)
  if (typeof given !== 'string') throw refused()
  const wildcard = given.startsWith('*.')
  const name = encoded(wildcard ? given.slice(2) : given)
  if (name === undefined || (wildcard && isNumeric(name))) throw refused()
  return wildcard ? `*.${name}` : name
}

/** Encodes a name that is not ASCII; returns undefined when it cannot be a host. */
function encoded(given: string): string | undefined {
  try {
    const name = nameRequested(
      asciiHost(given)
        .toLowerCase()
        .replace(/^\[(.*)\]$/, '$1'),
    )
    return HOST_NAME.test(name) || name.includes(':') ? name : undefined
  } catch {
    return undefined
  }
}

/** @param name In lower case, without port and brackets. */
function nameRequested(name: string): string {
  if (name.includes(':')) return shortIPv6(name)
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** One IPv6 address can be written in several ways. */
function shortIPv6(address: string): string {
  return URL.canParse(`http://[${address}]/`) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : ''
}

function isNumeric(name: string): boolean {
  return name.includes(':') || /^[0-9.]+$/.test(name)
}

function shownName(given: unknown): string {
  return typeof given === 'string' ? JSON.stringify(given.slice(0, 80)) : `a ${typeof given}`
}

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/
