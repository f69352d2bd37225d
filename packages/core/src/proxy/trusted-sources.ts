import type { Address } from '../addresses.ts'
import { formatIP, parseIP, parseIPv4 } from '../hosts.ts'

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

/**
 * Addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or one alone, `192.0.2.1`.
 *
 * An IPv4 address mapped into IPv6 is that IPv4 address, and no IPv6 block holds IPv4 addresses.
 */
export class AddressBlock {
  readonly #network: Buffer
  readonly #prefixBits: number

  /** @throws {TypeError} when `text` is neither an address nor a block, or has bits behind its prefix. */
  constructor(text: string) {
    const [, host = '', prefix] = BLOCK.exec(text) ?? []
    const network = parseIP(host)
    if (network === undefined) throw unreadable(text, 'it is no numeric address, with /bits or without')
    const bits = network.length * 8
    // The prefix of a mapped address counts the bits in front of the IPv4 address too.
    const mappedBits = parseIPv4(host) === undefined ? 128 - bits : 0
    this.#network = network
    this.#prefixBits = prefix === undefined ? bits : Number(prefix) - mappedBits
    if (this.#prefixBits < 0 || this.#prefixBits > bits) throw unreadable(text, `it cannot have /${prefix}`)
    const first = masked(network, this.#prefixBits)
    if (first.equals(network)) return
    throw unreadable(text, `it has bits behind its prefix; write ${formatIP(first)}/${this.#prefixBits}`)
  }

  /** Whether the numeric address `host` is one of them; its zone does not matter. */
  contains(host: string): boolean {
    const [numeric = ''] = host.split('%')
    const bytes = parseIP(numeric)
    return bytes !== undefined && masked(bytes, this.#prefixBits).equals(this.#network)
  }
}

/** `bytes` with all bits behind the first `bits` cleared. */
function masked(bytes: Buffer, bits: number): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8)))))
}

function unreadable(text: string, why: string): TypeError {
  return new TypeError(`Cannot read ${JSON.stringify(text)} as addresses: ${why}`)
}

const NOBODY =
  'Cannot read PROXY headers without trustedSources, for anyone could claim any address: ' +
  "name your proxies, such as ['10.0.0.0/8', 'unix'], or say 'any' if nobody else can reach the port"
const BLOCK = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/
