import type { ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { having, oneOf, type OptionRules, quantity } from '../options/option-rules.ts'
import { TokenBucket } from './token-bucket.ts'

/** How fast bytes may pass. What is not said is not limited. */
export interface ThrottleOptions {
  /** Bytes read a second. */
  readonly readBytesPerSecond?: number | undefined
  /** Bytes written a second. */
  readonly writeBytesPerSecond?: number | undefined
  /** Whether each connection has these rates, or all of them share one. Default `each`. */
  readonly for?: 'each' | 'all' | undefined
}

/** Connections are read, and written to, no faster than this; what waits makes producers pause. */
export class Throttle implements ConnectionPolicy {
  readonly #options: ThrottleOptions
  readonly #shared: ConnectionWatch | undefined

  /** @throws {TypeError | RangeError} for an option that is not one, or a rate that is no number above 0. */
  constructor(options: ThrottleOptions) {
    checkValue('Throttle', 'options', options, having('an object, such as { readBytesPerSecond: 100_000 }'))
    checkOptions('Throttle', options, RULES)
    this.#options = options
    const watch = watchFor(options)
    this.#shared = options.for === 'all' ? watch : undefined
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

const RATE = quantity({ above: 0 })
const RULES: OptionRules<ThrottleOptions> = {
  readBytesPerSecond: RATE,
  writeBytesPerSecond: RATE,
  for: oneOf('each', 'all'),
}
