import type { Address } from '../addresses.ts'
import { AddressBlock } from './address-block.ts'

/** Whose PROXY headers are believed. */
export class TrustedSources {
  readonly #blocks: readonly AddressBlock[] | 'any'
  readonly #unix: boolean

  /**
   * @param sources Addresses, blocks of them, and `unix` for all who come through a UNIX socket; or `any`.
   * @throws {TypeError} when nobody is named, or one of them cannot be read.
   */
  constructor(sources: 'any' | readonly string[] | undefined) {
    if (sources === undefined || sources.length === 0) throw new TypeError(NOBODY)
    if (typeof sources === 'string' && sources !== 'any') {
      throw new TypeError(
        `Cannot trust ${JSON.stringify(sources)}: give a list of addresses and blocks, or 'any'`,
      )
    }
    this.#unix = sources === 'any' || sources.includes('unix')
    this.#blocks =
      sources === 'any'
        ? sources
        : sources.filter((source) => source !== 'unix').map((source) => new AddressBlock(source))
  }

  /** Whether whoever connects from `address` is believed. */
  include(address: Address): boolean {
    if (address.type === 'UNIX') return this.#unix
    return this.#blocks === 'any' || this.#blocks.some((block) => block.contains(address.host))
  }
}

const NOBODY =
  'Cannot read PROXY headers without trustedSources, for anyone could claim any address: ' +
  "name your proxies, such as ['10.0.0.0/8', 'unix'], or say 'any' if nobody else can reach the port"
