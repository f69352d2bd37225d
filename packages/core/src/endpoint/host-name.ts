import { InvalidAddressError } from '../errors.ts'
import { parseIP } from '../ip-address.ts'

/** @throws {InvalidAddressError} unless `host` is a numeric address, or can be the name of a host (RFC 1123 §2.1). */
export function assertHostName(host: string): void {
  if (parseIP(host) !== undefined) return
  const labels = host.replace(/\.$/, '').split('.')
  if (host.length <= MAX_NAME_LENGTH && labels.every((label) => LABEL.test(label)) && !ALL_DIGITS.test(host))
    return
  throw new InvalidAddressError(host, 'it is neither an address nor the name of a host')
}

/** Underscores are no part of a host's name by the book, and of many by use. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i
/** What looks like an IPv4 address and is none. */
const ALL_DIGITS = /^[0-9.]+$/
const MAX_NAME_LENGTH = 253
