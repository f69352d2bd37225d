import type { RateLimit } from '../contracts/policy.ts'

/**
 * A rate with room for bursts: fills at so many a second, holds at most `burst`, and can be overdrawn
 * by what could not be known beforehand.
 */
export class TokenBucket implements RateLimit {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number | undefined

  /** @throws {RangeError} unless the rate is above 0, and the burst 1 or more: less than one never passes. */
  constructor(perSecond: number, burst: number = Math.max(1, perSecond)) {
    if (!(perSecond > 0 && burst >= 1)) {
      throw new RangeError(
        `Cannot keep a rate of ${perSecond} a second with bursts of ${burst}: give a rate above 0 and bursts of 1 or more`,
      )
    }
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
  }

  available(nowMs: number): number {
    const passedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs))
    this.#atMs = nowMs
    this.#tokens = Math.min(this.#burst, this.#tokens + passedMs * this.#perMs)
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

const EPSILON = 1e-6
