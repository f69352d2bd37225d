import type { Admission, ConnectionPolicy, ConnectionWatch } from '../contracts/policy.ts'

/** At most so many connections at a time, over everything this policy is given to. */
export class LimitTotalConnections implements ConnectionPolicy {
  readonly #maxConnections: number
  #count = 0

  constructor(maxConnections: number) {
    if (!(maxConnections >= 1))
      throw new RangeError(`Cannot limit connections to ${maxConnections}: give 1 or more`)
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
