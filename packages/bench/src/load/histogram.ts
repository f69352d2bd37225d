/**
 * Counts durations in buckets whose width is at most 1/32 of what they hold, from 1 µs up to more than an hour.
 *
 * `record` allocates nothing.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0

  /** The number of durations recorded. */
  get total(): number {
    return this.#total
  }

  /** Counts one duration in milliseconds. */
  record(ms: number): void {
    const bucket = bucketOf(ms * 1000)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total += 1
  }

  /** Forgets all durations. */
  clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }

  /**
   * The duration in milliseconds that `share` of all recorded durations do not exceed.
   *
   * @param share From 0 to 1: 0.99 for the 99th percentile.
   * @returns The end of the bucket of that duration; NaN when nothing is recorded.
   */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(this.#total * share))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= rank) return endOf(bucket) / 1000
    }
    return Number.NaN
  }
}

/** 32 buckets for each power of two. */
const PRECISION_BITS = 5
const PER_POWER = 1 << PRECISION_BITS
const POWERS = 32
const BUCKETS = PER_POWER * (POWERS - PRECISION_BITS + 1)

function bucketOf(microseconds: number): number {
  const whole = Math.min(microseconds, 0xffff_ffff) >>> 0
  const shift = Math.max(0, 31 - Math.clz32(whole) - PRECISION_BITS)
  return shift * PER_POWER + (whole >>> shift)
}

/** The first number of microseconds that is beyond the bucket. */
function endOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / PER_POWER) - 1)
  return (bucket - shift * PER_POWER + 1) * 2 ** shift
}
