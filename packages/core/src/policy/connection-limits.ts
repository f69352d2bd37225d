import { type Address, parseIPv6 } from '../addresses.ts'
import type { Admission, ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { count, having, type OptionRules, quantity } from '../options/option-rules.ts'
import { TokenBucket } from './throttle.ts'

/** Admits at most this many connections at a time, over all ports and factories that use this policy object. */
export class LimitTotalConnections implements ConnectionPolicy {
  readonly #maxConnections: number
  #count = 0

  /** @throws {TypeError | RangeError} unless `maxConnections` is a whole number of 1 or more. */
  constructor(maxConnections: number) {
    checkValue('LimitTotalConnections', 'maxConnections', maxConnections, count({ least: 1, endless: true }))
    this.#maxConnections = maxConnections
  }

  /** The number of connections that are up. */
  get count(): number {
    return this.#count
  }

  admits(): Admission {
    return this.#count < this.#maxConnections ? 'now' : 'later'
  }

  accepted(): ConnectionWatch {
    this.#count++
    return { closed: () => this.#count-- }
  }
}

/**
 * Admits at most this many connections at a time from one address. A whole IPv6 /64 counts as one peer, and so do all
 * connections through a UNIX socket.
 */
export class LimitConnectionsByPeer implements ConnectionPolicy {
  readonly #maxPerPeer: number
  readonly #counts = new Map<string, number>()

  /** @throws {TypeError | RangeError} unless `maxPerPeer` is a whole number of 1 or more. */
  constructor(maxPerPeer: number) {
    checkValue('LimitConnectionsByPeer', 'maxPerPeer', maxPerPeer, count({ least: 1, endless: true }))
    this.#maxPerPeer = maxPerPeer
  }

  /** The number of peers that have a connection. */
  get peers(): number {
    return this.#counts.size
  }

  admits(peer: Address): Admission {
    return this.#countOf(peerKey(peer)) < this.#maxPerPeer ? 'now' : 'later'
  }

  accepted(transport: Transport): ConnectionWatch {
    const key = peerKey(transport.getPeer())
    this.#counts.set(key, this.#countOf(key) + 1)
    return { closed: () => this.#release(key) }
  }

  #countOf(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  #release(key: string): void {
    const left = this.#countOf(key) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}

/** How many connections are admitted. */
export interface AcceptRate {
  /** Connections per second, on average. */
  readonly perSecond: number
  /** Connections admitted at once after a pause. Default: as many as in one second, at least 1. */
  readonly burst?: number | undefined
}

/** Admits new connections no faster than this; the others wait in the accept queue. */
export class LimitAcceptRate implements ConnectionPolicy {
  readonly #time: ReactorTime
  readonly #bucket: TokenBucket

  /**
   * @throws {TypeError | RangeError} without a reactor, for an unknown option, and unless both numbers are in range.
   */
  constructor(time: ReactorTime, rate: AcceptRate) {
    checkValue('LimitAcceptRate', 'time', time, CLOCK)
    checkValue('LimitAcceptRate', 'rate', rate, having('an object, such as { perSecond: 10 }'))
    checkOptions('LimitAcceptRate', rate, RULES)
    const { perSecond, burst = Math.max(1, perSecond) } = rate
    this.#time = time
    this.#bucket = new TokenBucket(perSecond, burst)
  }

  admits(): Admission {
    const nowMs = this.#time.now()
    return this.#bucket.available(nowMs) >= 1 ? 'now' : { inMs: this.#bucket.waitMs(nowMs) }
  }

  accepted(_transport: Transport): undefined {
    this.#bucket.take(1, this.#time.now())
  }
}

/** Returns the key under which a peer is counted: its IPv4 address, the /64 of its IPv6 address, or `unix`. */
export function peerKey(peer: Address): string {
  if (peer.type === 'UNIX') return 'unix'
  return peer.family === 4 ? peer.host : networkOf(peer.host)
}

/** Returns the first four groups: one customer usually has at least a /64, and can use any address in it. */
function networkOf(host: string): string {
  const bytes = parseIPv6(host.replace(/%.*$/, ''))
  if (bytes === undefined) return host
  const groups = [0, 2, 4, 6].map((at) => bytes.readUInt16BE(at).toString(16))
  return `${groups.join(':')}::/64`
}

const CLOCK = having('a reactor', 'now')
const RULES: OptionRules<AcceptRate> = {
  perSecond: quantity({ endless: true }),
  burst: quantity({ least: 1, endless: true }),
}
