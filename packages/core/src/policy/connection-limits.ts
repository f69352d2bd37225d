import type { Address } from '../addresses.ts'
import type { Admission, ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { count, having, type OptionRules, quantity } from '../options/option-rules.ts'
import { TokenBucket } from './throttle.ts'

/** At most so many connections at a time, over everything this policy is given to. */
export class LimitTotalConnections implements ConnectionPolicy {
  readonly #maxConnections: number
  #count = 0

  /** @throws {TypeError | RangeError} unless `maxConnections` is a whole number of 1 or more. */
  constructor(maxConnections: number) {
    checkValue('LimitTotalConnections', 'maxConnections', maxConnections, count({ least: 1, endless: true }))
    this.#maxConnections = maxConnections
  }

  /** Connections that are up. */
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
 * At most so many connections at a time from one address; a whole IPv6 /64 counts as one. All who
 * come through a UNIX socket count as one peer.
 */
export class LimitConnectionsByPeer implements ConnectionPolicy {
  readonly #maxPerPeer: number
  readonly #counts = new Map<string, number>()

  /** @throws {TypeError | RangeError} unless `maxPerPeer` is a whole number of 1 or more. */
  constructor(maxPerPeer: number) {
    checkValue('LimitConnectionsByPeer', 'maxPerPeer', maxPerPeer, count({ least: 1, endless: true }))
    this.#maxPerPeer = maxPerPeer
  }

  /** Addresses that have a connection. */
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

/** How many connections may come in. */
export interface AcceptRate {
  /** Connections a second, on average. */
  readonly perSecond: number
  /** Connections that may come at once after a pause. Default: those of one second, at least 1. */
  readonly burst?: number | undefined
}

/** New connections come in no faster than this; the others wait their turn. */
export class LimitAcceptRate implements ConnectionPolicy {
  readonly #time: ReactorTime
  readonly #bucket: TokenBucket

  /** @throws {TypeError | RangeError} without a reactor, for an option that is not one, and unless both numbers are above 0. */
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

/** What tells one peer from another: an IPv4 address, the /64 of an IPv6 one, or that it is a UNIX socket. */
export function peerKey(peer: Address): string {
  if (peer.type === 'UNIX') return 'unix'
  return peer.family === 4 ? peer.host : networkOf(peer.host)
}

/** The first four groups: one customer has at least a /64, and can use any address in it. */
function networkOf(host: string): string {
  const [address = ''] = host.split('%')
  const [before = '', after] = address.split('::')
  const front = before === '' ? [] : before.split(':')
  const back = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, GROUPS - front.length - back.length)
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

const CLOCK = having('a reactor', 'now')
const RULES: OptionRules<AcceptRate> = {
  perSecond: quantity({ endless: true }),
  burst: quantity({ least: 1, endless: true }),
}
const GROUPS = 8
