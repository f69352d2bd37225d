import type { RateLimit } from '../interfaces/policy.ts'
import { checkValue } from '../options/check-options.ts'
import { quantity } from '../options/option-rules.ts'

/**
 * A rate with room for bursts: fills at so many a second, holds at most `burst`, and can be overdrawn
 * by what could not be known beforehand.
 */
export class TokenBucket implements RateLimit {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number | undefined

  /**
   * @throws {TypeError | RangeError} unless the rate is a number above 0, Infinity for no limit, and the burst 1 or more:
   *   less than one never passes.
   */
  constructor(perSecond: number, burst: number = Math.max(1, perSecond)) {
    checkValue('TokenBucket', 'perSecond', perSecond, BUCKET_RATE)
    checkValue('TokenBucket', 'burst', burst, quantity({ least: 1, endless: true }))
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
  }

  available(nowMs: number): number {
    const passedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs))
    this.#atMs = nowMs
    // No time at an endless rate is not a number of tokens.
    const filled = this.#perMs === Infinity ? Infinity : passedMs * this.#perMs
    this.#tokens = Math.min(this.#burst, this.#tokens + filled)
    // Sums of fractions fall short of the whole by less than this.
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

const BUCKET_RATE = quantity({ above: 0, endless: true })
const EPSILON = 1e-6
