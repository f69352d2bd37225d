import { type Address, formatIP, parseIP, parseIPv4 } from '../addresses.ts'

/** The trusted sources of PROXY headers. */
export class TrustedSources {
  readonly #blocks: readonly AddressBlock[] | 'any'
  readonly #unix: boolean

  /**
   * @param sources Addresses, blocks of addresses, and `unix` for all connections through a UNIX socket; or `any`.
   * @throws {TypeError} when there is no source, or a source cannot be read.
   */
  constructor(sources: 'any' | readonly string[] | undefined) {
    if (sources === undefined || sources.length === 0) throw new TypeError(NO_SOURCE)
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

  /** Whether a connection from `address` is trusted. */
  include(address: Address): boolean {
    if (address.type === 'UNIX') return this.#unix
    return this.#blocks === 'any' || this.#blocks.some((block) => block.contains(address.host))
  }
}

/**
 * A block of addresses with the same prefix: `10.0.0.0/8`, `2001:db8::/32`, or a single address, `192.0.2.1`.
 *
 * An IPv4-mapped IPv6 address counts as the IPv4 address, and no IPv6 block contains IPv4 addresses.
 *
 * @example
 * ```ts
 * import { AddressBlock } from '@ropewalk/core/proxy'
 *
 * const block = new AddressBlock('10.0.0.0/8')
 * console.log(block.contains('10.1.2.3'), block.contains('192.0.2.1'))
 * ```
 *
 * ```text
 * true false
 * ```
 */
export class AddressBlock {
  readonly #network: Buffer
  readonly #prefixBits: number

  /** @throws {TypeError} when `text` is neither an address nor a block, or has bits set after its prefix. */
  constructor(text: string) {
    const [, host = '', prefix] = BLOCK.exec(text) ?? []
    const network = parseIP(host)
    if (network === undefined) throw unreadable(text, 'it is not a numeric address, with or without /bits')
    const bits = network.length * 8
    // The prefix of a mapped address also counts the 96 bits before the IPv4 address.
    const mappedBits = parseIPv4(host) === undefined ? 128 - bits : 0
    this.#network = network
    this.#prefixBits = prefix === undefined ? bits : Number(prefix) - mappedBits
    if (this.#prefixBits < 0 || this.#prefixBits > bits) throw unreadable(text, `it cannot have /${prefix}`)
    const first = masked(network, this.#prefixBits)
    if (first.equals(network)) return
    throw unreadable(text, `it has bits set after its prefix; write ${formatIP(first)}/${this.#prefixBits}`)
  }

  /** Whether the block contains the numeric address `host`; its zone is ignored. */
  contains(host: string): boolean {
    const [numeric = ''] = host.split('%')
    const bytes = parseIP(numeric)
    return bytes !== undefined && masked(bytes, this.#prefixBits).equals(this.#network)
  }
}

/** Returns a copy of `bytes` with all bits after the first `bits` cleared. */
function masked(bytes: Buffer, bits: number): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8)))))
}

function unreadable(text: string, why: string): TypeError {
  return new TypeError(`Cannot read ${JSON.stringify(text)} as an address or a block of addresses: ${why}`)
}

const NO_SOURCE =
  'Cannot read PROXY headers without trustedSources, because any client could claim any address: ' +
  "name your proxies, such as ['10.0.0.0/8', 'unix'], or give 'any' if only the proxy can reach the port"
const BLOCK = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/
