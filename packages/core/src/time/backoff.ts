import type { ReactorRandom } from '../interfaces/reactor.ts'
import { checkOptions } from '../options/check-options.ts'
import { milliseconds, type OptionRules, quantity } from '../options/option-rules.ts'

/**
 * How long to wait before the next attempt to connect, in milliseconds.
 *
 * @param failedAttempts How many attempts in a row have failed, 1 or more. A lost connection counts as one.
 * @param error Why the last attempt failed, or the connection was lost.
 * @returns undefined to stop trying.
 */
export type RetryPolicy = (
  failedAttempts: number,
  reactor: ReactorRandom,
  error: unknown,
) => number | undefined

/** A retry policy that never stops trying. */
export type BackoffPolicy = (failedAttempts: number, reactor: ReactorRandom) => number

/** How the waits between attempts grow. */
export interface BackoffOptions {
  /** Start of the growth, in milliseconds: the first wait is this times `factor`. Default 1 000. */
  readonly initialDelayMs?: number | undefined
  /** Longest wait, in milliseconds, without the jitter. Default 60 000. */
  readonly maxDelayMs?: number | undefined
  /** How many times longer each wait is than the one before. Default 1.5. */
  readonly factor?: number | undefined
  /**
   * Largest random addition to each wait, in milliseconds, so that the clients of one server do not all
   * reconnect at the same time. Default 1 000.
   */
  readonly jitterMs?: number | undefined
}

/**
 * A retry policy with waits that grow by a factor up to a limit, each with a random addition.
 *
 * @throws {TypeError | RangeError} when an option is unknown, or is not a number of 0 or more.
 */
export function backoffPolicy(options: BackoffOptions = {}): BackoffPolicy {
  checkOptions('backoffPolicy', options, RULES)
  const { initialDelayMs = 1000, maxDelayMs = 60_000, factor = 1.5, jitterMs = 1000 } = options
  return (failedAttempts, reactor) => {
    const growth = factor ** Math.min(failedAttempts, MAX_EXPONENT)
    return Math.min(initialDelayMs * growth, maxDelayMs) + jitterMs * randomFraction(reactor)
  }
}

/** Returns a number from 0 (inclusive) to 1 (exclusive), uniformly distributed. */
export function randomFraction(reactor: ReactorRandom): number {
  return reactor.randomBytes(BYTES).readUIntBE(0, BYTES) / 256 ** BYTES
}

const RULES: OptionRules<BackoffOptions> = {
  initialDelayMs: milliseconds(),
  maxDelayMs: milliseconds({ endless: true }),
  factor: quantity(),
  jitterMs: milliseconds(),
}
/** With a larger exponent the power may be infinite, and 0 times that is NaN. */
const MAX_EXPONENT = 100
/** The most bytes that a number holds without rounding. */
const BYTES = 6
