import type { Admission, ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import { checkValue } from '../options/check-options.ts'
import { count } from '../options/option-rules.ts'

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
