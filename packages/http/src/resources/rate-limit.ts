import { createHash } from 'node:crypto'
import { callable, count, type OptionRules, quantity } from '@ropewalk/core/options'
import { peerKey, TokenBucket } from '@ropewalk/core/policies'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { checkRequired } from './required-options.ts'
import { WrappingResource } from './wrapping-resource.ts'

/** Options of `rateLimit`. */
export interface RateLimitOptions {
  /** Requests per second and key, on average. It may be a fraction: `1 / 60` is one a minute. */
  readonly perSecond: number
  /** Requests at once after a pause. Default: as many as in one second, at least 1. */
  readonly burst?: number | undefined
  /**
   * Returns what requests are counted by, such as an API key or a user; undefined for a request without a limit.
   * Default: the client's address, a whole IPv6 /64 as one, and all clients of a UNIX socket as one.
   */
  readonly key?: ((request: Request) => string | undefined) | undefined
  /**
   * Most keys that are counted at a time. Beyond it, the key that was not used for the longest time is forgotten,
   * and begins anew. Default 10 000.
   */
  readonly maxKeys?: number | undefined
}

/**
 * Limits how many requests `resource` and what is below it receive from one client. A request beyond the limit gets
 * a 429 with Retry-After, and does not count.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, or an option is missing, unknown, of the wrong
 *   type or out of range.
 * @see RFC 6585 §4
 */
export function rateLimit(resource: Resource, options: RateLimitOptions): Resource {
  return new RateLimited(resource, options)
}

class RateLimited extends WrappingResource {
  readonly #buckets: Buckets
  readonly #keyOf: (request: Request) => string | undefined

  constructor(resource: Resource, options: RateLimitOptions) {
    super(resource, 'rateLimit')
    checkRequired('rateLimit', options, '{ perSecond: 10 }', RULES, 'perSecond')
    const { perSecond, burst = Math.max(1, perSecond), maxKeys = DEFAULT_MAX_KEYS } = options
    this.#buckets = new Buckets(() => new TokenBucket(perSecond, burst), maxKeys)
    this.#keyOf = options.key ?? ((request) => peerKey(request.getClientAddress()))
  }

  override render(request: Request): RenderResult {
    const key = this.#keyOf(request)
    if (key !== undefined) this.#admit(key, request.reactor.now())
    return super.render(request)
  }

  /** @throws {HTTPError} 429 when the key has no token left. */
  #admit(key: string, nowMs: number): void {
    const bucket = this.#buckets.get(key)
    if (bucket.available(nowMs) < 1) {
      const seconds = Math.max(1, Math.ceil(bucket.waitMs(nowMs) / 1000))
      throw HTTPError.withoutStack(429, undefined, { headers: [['Retry-After', `${seconds}`]] })
    }
    bucket.take(1, nowMs)
  }
}

/** A bounded table of buckets. A bucket that is not used fills up, and a full one is as good as a new one. */
class Buckets {
  readonly #make: () => TokenBucket
  readonly #maxKeys: number
  /** The least recently used first. */
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(make: () => TokenBucket, maxKeys: number) {
    this.#make = make
    this.#maxKeys = maxKeys
  }

  get(key: string): TokenBucket {
    const name = key.length <= MAX_KEY_LENGTH ? key : createHash('sha256').update(key).digest('base64')
    const bucket = this.#buckets.get(name) ?? this.#make()
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    if (this.#buckets.size > this.#maxKeys) this.#evict()
    return bucket
  }

  #evict(): void {
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}

/** A longer key, such as a token that the client chooses, is kept as its hash. */
const MAX_KEY_LENGTH = 64
const DEFAULT_MAX_KEYS = 10_000
const RULES: OptionRules<RateLimitOptions> = {
  perSecond: quantity({ above: 0 }),
  burst: quantity({ least: 1 }),
  key: callable,
  maxKeys: count({ least: 1 }),
}
