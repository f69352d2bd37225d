import { udpAddress, type UDPAddress } from '../addresses.ts'
import { InvalidAddressError } from '../errors.ts'
import { formatIP, parseIP } from '../hosts.ts'

/**
 * The address of a numeric host and a port; the host is written as RFC 5952 has it, so that addresses can be compared.
 *
 * @param lowestPort 0 where that means any free one.
 * @throws {InvalidAddressError} when `host` is a name.
 * @throws {RangeError} unless `port` is a whole number from `lowestPort` to 65535.
 */
export function numericAddress(host: string, port: number, lowestPort: 0 | 1): UDPAddress {
  const numeric = canonical(host)
  assertWithin(port, lowestPort, 65_535, 'a UDP port')
  return udpAddress(numeric, port)
}

/** @throws {InvalidAddressError} unless `host` is an IPv4 address, or an IPv6 one with or without a zone. */
export function assertNumeric(host: string): void {
  canonical(host)
}

function canonical(host: string): string {
  const [, address = host, zone = ''] = ZONE.exec(host) ?? []
  const bytes = parseIP(address)
  if (bytes === undefined)
    throw new InvalidAddressError(host, 'it is not numeric; reactor.lookup finds the addresses of a name')
  return formatIP(bytes) + zone
}

/** @throws {RangeError} unless `value` is a whole number from `lowest` to `highest`. */
export function assertWithin(value: number, lowest: number, highest: number, what: string): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return
  throw new RangeError(`Cannot use ${value} as ${what}: give a whole number from ${lowest} to ${highest}`)
}

/** What names the network interface of an IPv6 address: `fe80::1%eth0`. */
const ZONE = /^(.*:.*)(%.+)$/
