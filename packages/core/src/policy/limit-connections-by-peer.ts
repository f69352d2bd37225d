import type { Address } from '../addresses.ts'
import type { Admission, ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { count } from '../options/option-rules.ts'
import { peerKey } from './peer-key.ts'

/**
 * At most so many connections at a time from one address; a whole IPv6 /64 counts as one. All who
 * come through a UNIX socket count as one peer.
 */
export class LimitConnectionsByPeer implements ConnectionPolicy {
  readonly #maxPerPeer: number
  readonly #counts = new Map<string, number>()

  /** @throws {TypeError | RangeError} unless `maxPerPeer` is a whole number of 1 or more. */
  constructor(maxPerPeer: number) {
    checkValue('LimitConnectionsByPeer', 'maxPerPeer', maxPerPeer, count({ least: 1, endless: true }))
    this.#maxPerPeer = maxPerPeer
  }

  /** Addresses that have a connection. */
  get peers(): number {
    return this.#counts.size
  }

  admits(peer: Address): Admission {
    return this.#countOf(peerKey(peer)) < this.#maxPerPeer ? 'now' : 'later'
  }

  accepted(transport: Transport): ConnectionWatch {
    const key = peerKey(transport.getPeer())
    this.#counts.set(key, this.#countOf(key) + 1)
    return { closed: () => this.#release(key) }
  }

  #countOf(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  #release(key: string): void {
    const left = this.#countOf(key) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}
