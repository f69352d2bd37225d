import type { ReactorRandom } from '../interfaces/reactor.ts'
import { checkOptions } from '../options/check-options.ts'
import { milliseconds, type OptionRules, quantity } from '../options/option-rules.ts'

/**
 * How long to wait before the next attempt to connect, in milliseconds.
 *
 * @param failedAttempts How many have failed in a row: 1 or more. A connection that was up and is lost counts as one.
 */
export type RetryPolicy = (failedAttempts: number, reactor: ReactorRandom) => number

/** How waits between attempts grow. */
export interface BackoffOptions {
  /** What the waits grow from, in milliseconds: the first is this times `factor`. Default 1 000. */
  readonly initialDelayMs?: number | undefined
  /** Longest wait, in milliseconds, without the jitter. Default 60 000. */
  readonly maxDelayMs?: number | undefined
  /** How many times longer each wait is than the one before. Default 1.5. */
  readonly factor?: number | undefined
  /**
   * Most that is added to each wait at random, in milliseconds, so that clients who lost the same server do not
   * return to it all at once. Default 1 000.
   */
  readonly jitterMs?: number | undefined
}

/**
 * Waits that grow by a factor up to a limit, each with a little randomness.
 *
 * @throws {TypeError | RangeError} for an option that is not one, or not a number of 0 or more.
 */
export function backoffPolicy(options: BackoffOptions = {}): RetryPolicy {
  checkOptions('backoffPolicy', options, RULES)
  const { initialDelayMs = 1000, maxDelayMs = 60_000, factor = 1.5, jitterMs = 1000 } = options
  return (failedAttempts, reactor) => {
    const growth = factor ** Math.min(failedAttempts, MAX_EXPONENT)
    return Math.min(initialDelayMs * growth, maxDelayMs) + jitterMs * randomFraction(reactor)
  }
}

/** A number from 0 up to but not 1, each as likely as any other. */
export function randomFraction(reactor: ReactorRandom): number {
  return reactor.randomBytes(BYTES).readUIntBE(0, BYTES) / 256 ** BYTES
}

const RULES: OptionRules<BackoffOptions> = {
  initialDelayMs: milliseconds(),
  maxDelayMs: milliseconds({ endless: true }),
  factor: quantity(),
  jitterMs: milliseconds(),
}
/** Beyond it a power may be infinite, and 0 times that is no number. */
const MAX_EXPONENT = 100
/** As many as a number holds without rounding. */
const BYTES = 6
