import { domainToASCII } from 'node:url'
import { parseIP } from './addresses.ts'
import { InvalidAddressError } from './errors.ts'

/**
 * Converts a host to the form that DNS and TLS use: an international name is encoded (`bücher.example` becomes
 * `xn--bcher-kva.example`), anything else is returned unchanged.
 *
 * @throws {InvalidAddressError} when an international name cannot be encoded.
 * @see RFC 5891 §4
 */
export function asciiHost(host: string): string {
  // domainToASCII would also rewrite a host that is not a name, such as an IP address.
  if (ASCII.test(host)) return host
  // domainToASCII cuts the host at a character that ends a host in a URL.
  const encoded = OUTSIDE_NAMES.test(host) ? '' : domainToASCII(host)
  if (encoded === '') throw new InvalidAddressError(host, 'it cannot be encoded as a host name')
  return encoded
}

/** @throws {InvalidAddressError} unless `host` is a numeric address or a possible host name (RFC 1123 §2.1). */
export function assertHostName(host: string): void {
  if (parseIP(host) !== undefined) return
  const labels = host.replace(/\.$/, '').split('.')
  if (host.length <= MAX_NAME_LENGTH && labels.every((label) => LABEL.test(label)) && !ALL_DIGITS.test(host))
    return
  throw new InvalidAddressError(host, 'it is neither an address nor the name of a host')
}

const ASCII = /^[\0-\x7f]*$/
/** ASCII characters that a host name never contains. */
const OUTSIDE_NAMES = /[\0-,/:-@[-^`{-\x7f]/
/** RFC 1123 allows no underscore in the name of a host, but many names in use have one. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i
/** Looks like an IPv4 address, which parseIP has refused. */
const ALL_DIGITS = /^[0-9.]+$/
const MAX_NAME_LENGTH = 253
