import { isHost } from '../codec/request-head.ts'
import { HTTPError } from '../errors.ts'
import type { Request } from './request.ts'

/**
 * The hosts that a server responds for. A request for another one was sent to it by mistake, or by a page that
 * has bound its own name to the server's address.
 */
export class AllowedHosts {
  /** Hosts, with their port if they have one. */
  readonly #hosts = new Set<string>()
  /** `example.org` for `*.example.org`. */
  readonly #parents = new Set<string>()

  /** @throws {TypeError} when a host cannot be read. */
  constructor(hosts: readonly string[]) {
    for (const given of hosts) {
      const host = given.toLowerCase()
      const isParent = host.startsWith('*.')
      const name = isParent ? host.slice(2) : host
      if (!isHost(name) || name === '' || /[*/%]|^:|:$/.test(name) || (isParent && /[[\]]/.test(name))) {
        const wanted = "give 'example.org', '*.example.org', an address, or one of these with a port"
        throw new TypeError(`Cannot respond for the host ${JSON.stringify(given.slice(0, 80))}: ${wanted}`)
      }
      ;(isParent ? this.#parents : this.#hosts).add(name)
    }
  }

  /**
   * Refuses a request for another host, and one that names no host.
   *
   * @throws {HTTPError} 421.
   * @see RFC 9110 §15.5.20
   */
  check(request: Request): void {
    if (!this.#include(request.getRequestAuthority().toLowerCase())) throw HTTPError.withoutStack(421)
  }

  #include(authority: string): boolean {
    const host = authority.replace(PORT, '')
    if (this.#hosts.has(host) || this.#hosts.has(authority)) return true
    // Each name above the host: the cost does not depend on the number of hosts.
    for (let dot = authority.indexOf('.'); dot >= 0; dot = authority.indexOf('.', dot + 1)) {
      const parent = authority.slice(dot + 1)
      if (dot > 0 && (this.#parents.has(parent) || this.#parents.has(parent.replace(PORT, '')))) return true
    }
    return false
  }
}

const PORT = /:[0-9]*$/
