import type { ConnectionPolicy, ConnectionWatch, RateLimit } from '../interfaces/policy.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { having, oneOf, type OptionRules, quantity } from '../options/option-rules.ts'

/** How fast bytes may pass. A rate that is not set is not limited. */
export interface ThrottleOptions {
  /** Bytes read per second. */
  readonly readBytesPerSecond?: number | undefined
  /** Bytes written per second. */
  readonly writeBytesPerSecond?: number | undefined
  /** Whether each connection has these rates, or all connections share them. Default `each`. */
  readonly for?: 'each' | 'all' | undefined
}

/** Limits how fast connections are read and written; delayed bytes stay queued, so that producers pause. */
export class Throttle implements ConnectionPolicy {
  readonly #options: ThrottleOptions
  readonly #shared: ConnectionWatch | undefined

  /** @throws {TypeError | RangeError} for an unknown option, or a rate that is not a number above 0. */
  constructor(options: ThrottleOptions) {
    checkValue('Throttle', 'options', options, having('an object, such as { readBytesPerSecond: 100_000 }'))
    checkOptions('Throttle', options, RULES)
    this.#options = options
    this.#shared = options.for === 'all' ? watchFor(options) : undefined
  }

  accepted(): ConnectionWatch {
    return this.#shared ?? watchFor(this.#options)
  }
}

function watchFor({ readBytesPerSecond, writeBytesPerSecond }: ThrottleOptions): ConnectionWatch {
  return {
    ...(readBytesPerSecond === undefined ? {} : { readRate: new TokenBucket(readBytesPerSecond) }),
    ...(writeBytesPerSecond === undefined ? {} : { writeRate: new TokenBucket(writeBytesPerSecond) }),
  }
}

/**
 * A rate limit that allows bursts: it fills at `perSecond` tokens a second and holds at most `burst`. `take` may exceed
 * what is available; the balance becomes negative then, and the next tokens take longer.
 */
export class TokenBucket implements RateLimit {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number | undefined

  /**
   * @throws {TypeError | RangeError} unless the rate is a number above 0 (Infinity for no limit) and the burst 1 or
   *   more: with a smaller burst no token would ever be available.
   */
  constructor(perSecond: number, burst: number = Math.max(1, perSecond)) {
    checkValue('TokenBucket', 'perSecond', perSecond, BUCKET_RATE)
    checkValue('TokenBucket', 'burst', burst, quantity({ least: 1, endless: true }))
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
  }

  available(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs))
    this.#atMs = nowMs
    // 0 ms at an infinite rate would be NaN tokens.
    const filled = this.#perMs === Infinity ? Infinity : elapsedMs * this.#perMs
    this.#tokens = Math.min(this.#burst, this.#tokens + filled)
    // Rounding makes sums of fractions fall short of a whole number by less than EPSILON.
    return Math.floor(this.#tokens + EPSILON)
  }

  take(count: number, nowMs: number): void {
    this.available(nowMs)
    this.#tokens -= count
  }

  waitMs(nowMs: number): number {
    return this.available(nowMs) >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs - EPSILON)
  }
}

const RATE = quantity({ above: 0 })
const RULES: OptionRules<ThrottleOptions> = {
  readBytesPerSecond: RATE,
  writeBytesPerSecond: RATE,
  for: oneOf('each', 'all'),
}
const BUCKET_RATE = quantity({ above: 0, endless: true })
const EPSILON = 1e-6
