import { type Address, tcpAddress } from '@ropewalk/core'
import { AddressBlock } from '@ropewalk/core/proxy'
import { type ForwardedNode, parseForwarded, parseForwardedFor } from '../codec/forwarded.ts'
import { isHost } from '../codec/request-head.ts'
import { HTTPError } from '../errors.ts'
import { listElements } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'
import type { ClientFacts } from './incoming-request.ts'

/** A header in which proxies state something about their clients. */
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number]

/** The headers in which proxies state something about their clients. */
export const FORWARDED_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
] as const

/**
 * The proxies in front of a server, and what they state.
 *
 * Each proxy adds the address of its own client at the end of a list. The list is read from its end, as long as
 * the client named last is a trusted proxy itself: what comes before the first other one may be invented.
 */
export class TrustedProxies {
  readonly #blocks: readonly AddressBlock[]
  readonly #unix: boolean
  readonly #believed: ReadonlySet<ForwardedHeader>

  /** @throws {TypeError} when a proxy is neither an address, nor a block of addresses, nor `unix`. */
  constructor(proxies: readonly string[], headers: readonly ForwardedHeader[] = BELIEVED) {
    this.#unix = proxies.includes('unix')
    this.#blocks = proxies.filter((proxy) => proxy !== 'unix').map((proxy) => new AddressBlock(proxy))
    this.#believed = new Set(headers)
  }

  /**
   * Returns what the proxies state about the client of a request; undefined when it comes from no trusted proxy,
   * or from one that states nothing.
   *
   * @param peer The other end of the connection.
   * @throws {HTTPError} 400 when a header cannot be read, and when Forwarded and X-Forwarded-… are both there:
   *   a proxy sets only one of the two kinds, and its client may have sent the other.
   */
  clientOf(peer: Address, headers: Headers): ClientFacts | undefined {
    if (!this.#trust(peer)) return undefined
    const hops = this.#hopsOf(headers)
    if (hops === undefined) return undefined
    let address = peer
    let hop: Hop | undefined
    for (let at = hops.length - 1; at >= 0 && this.#trust(address); at--) {
      hop = hops.at(at)
      const stated = hop?.address()
      // A proxy may hide the address. The nearest one that is known stands for it.
      if (stated === undefined) break
      address = stated
    }
    return hop === undefined ? undefined : { address, ...hop.stated() }
  }

  #trust(address: Address): boolean {
    if (address.type === 'UNIX') return this.#unix
    return this.#blocks.some((block) => block.contains(address.host))
  }

  /** What each proxy states, that of the nearest one last; undefined when they state nothing. */
  #hopsOf(headers: Headers): Hops | undefined {
    const valueOf = (name: ForwardedHeader): readonly string[] | undefined =>
      this.#believed.has(name) ? headers.getRawHeaders(name) : undefined
    const forwarded = valueOf('forwarded')
    const clients = valueOf('x-forwarded-for')
    const schemes = valueOf('x-forwarded-proto')
    const hosts = valueOf('x-forwarded-host')
    if (forwarded === undefined) {
      if (clients === undefined && schemes === undefined && hosts === undefined) return undefined
      return new ListedHops(elements(clients), elements(schemes), elements(hosts))
    }
    if ((clients ?? schemes ?? hosts) !== undefined)
      throw HTTPError.withoutStack(400, 'Forwarded and X-Forwarded are both present')
    return standardHops(forwarded.join(','))
  }
}

/** What the proxies state, that of the nearest one last. */
interface Hops {
  readonly length: number
  at(index: number): Hop | undefined
}

/** What one proxy states about its client. It is read when it is needed, because the rest may be invented. */
interface Hop {
  /** Returns undefined when the proxy hides it. */
  address(): Address | undefined
  stated(): Pick<ClientFacts, 'scheme' | 'host'>
}

/** RFC 7239: one element for each proxy. */
function standardHops(value: string): Hops {
  const list = parseForwarded(value)
  if (list === undefined) throw unreadable('Forwarded')
  return list.map((element): Hop => {
    return {
      address: () => (element.for === undefined ? undefined : addressOf('Forwarded', element.for)),
      stated: () => ({
        scheme: schemeOf('Forwarded', element.proto),
        host: hostOf('Forwarded', element.host),
      }),
    }
  })
}

/**
 * X-Forwarded-For, -Proto and -Host: three lists. A proxy adds to the first one, and may replace the others.
 * They belong together when they are of the same length; otherwise the last item is that of the nearest proxy.
 */
class ListedHops implements Hops {
  readonly length: number
  readonly #clients: readonly string[]
  readonly #schemes: readonly string[]
  readonly #hosts: readonly string[]

  constructor(clients: readonly string[], schemes: readonly string[], hosts: readonly string[]) {
    this.#clients = clients
    this.#schemes = schemes
    this.#hosts = hosts
    this.length = Math.max(clients.length, 1)
  }

  at(index: number): Hop {
    return {
      address: () => {
        const text = this.#clients[index]
        if (text === undefined) return undefined
        const node = parseForwardedFor(text)
        if (node === undefined) throw unreadable('X-Forwarded-For')
        return addressOf('X-Forwarded-For', node)
      },
      stated: () => ({
        scheme: schemeOf('X-Forwarded-Proto', this.#itemAt(this.#schemes, index)?.toLowerCase()),
        host: hostOf('X-Forwarded-Host', this.#itemAt(this.#hosts, index)),
      }),
    }
  }

  #itemAt(list: readonly string[], index: number): string | undefined {
    return list.length === this.#clients.length ? list[index] : list.at(-1)
  }
}

const BELIEVED: readonly ForwardedHeader[] = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto']

function elements(values: readonly string[] | undefined): readonly string[] {
  return values === undefined ? [] : listElements(values)
}

function addressOf(header: string, { name, port = 0 }: ForwardedNode): Address | undefined {
  if (name === 'unknown' || name.startsWith('_')) return undefined
  try {
    // Reads a single address, and checks it.
    void new AddressBlock(name)
  } catch {
    throw unreadable(header)
  }
  return tcpAddress(name, port)
}

function schemeOf(header: string, scheme: string | undefined): ClientFacts['scheme'] {
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return scheme
  // A proxy may name the scheme of a WebSocket. For what is asked here they are the same.
  if (scheme === 'ws' || scheme === 'wss') return scheme === 'ws' ? 'http' : 'https'
  throw unreadable(header)
}

function hostOf(header: string, host: string | undefined): string | undefined {
  if (host === undefined || (host !== '' && isHost(host))) return host
  throw unreadable(header)
}

function unreadable(header: string): HTTPError {
  return HTTPError.withoutStack(400, `Cannot read ${header}`)
}
