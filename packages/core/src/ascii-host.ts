import { domainToASCII } from 'node:url'
import { InvalidAddressError } from './errors.ts'

/**
 * A host as DNS and TLS know it: an international name encoded (`bücher.example` is `xn--bcher-kva.example`), anything else
 * unchanged.
 *
 * @throws {InvalidAddressError} when an international name cannot be encoded.
 * @see RFC 5891 §4
 */
export function asciiHost(host: string): string {
  // The encoding would also rewrite what is no name at all.
  if (ASCII.test(host)) return host
  // What ends a host in a URL would be cut off.
  const encoded = OUTSIDE_NAMES.test(host) ? '' : domainToASCII(host)
  if (encoded === '') throw new InvalidAddressError(host, 'it cannot be encoded as the name of a host')
  return encoded
}

const ASCII = /^[\0-\x7f]*$/
/** ASCII that no name of a host has. */
const OUTSIDE_NAMES = /[\0-,/:-@[-^`{-\x7f]/
