import type { Admission, ConnectionPolicy } from '../interfaces/policy.ts'
import type { ReactorTime } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { having, type OptionRules, quantity } from '../options/option-rules.ts'
import { TokenBucket } from './token-bucket.ts'

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

const CLOCK = having('a reactor', 'now')
const RULES: OptionRules<AcceptRate> = {
  perSecond: quantity({ endless: true }),
  burst: quantity({ least: 1, endless: true }),
}
