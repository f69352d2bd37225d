import { domainToASCII } from 'node:url'
import { InvalidAddressError } from './errors.ts'

/**
 * The bytes of a numeric address: 4, or 16; an IPv4 address mapped into IPv6 has 4.
 *
 * @returns undefined when `text` is none: a name, a zone, a leading zero, a blank.
 */
export function parseIP(text: string): Buffer | undefined {
  const bytes = parseIPv4(text) ?? parseIPv6(text)
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(MAPPED.length) : bytes
}

/** The 4 bytes of `192.0.2.1`; undefined when `text` is no such address. */
export function parseIPv4(text: string): Buffer | undefined {
  if (!IPV4.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? Buffer.from(bytes) : undefined
}

/** The 16 bytes of `2001:db8::1` or `::ffff:192.0.2.1`; undefined when `text` is no such address (RFC 4291 §2.2). */
export function parseIPv6(text: string): Buffer | undefined {
  const [front = '', back, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const before = parseGroups(front, back === undefined)
  const after = parseGroups(back ?? '', true)
  if (before === undefined || after === undefined) return undefined
  const left = IPV6_BYTES - before.length - after.length
  // A `::` stands for at least one group.
  if (back === undefined ? left !== 0 : left < 2) return undefined
  return Buffer.concat([before, Buffer.alloc(left), after])
}

/** The text of a numeric address, as RFC 5952 writes it; one mapped into IPv6 is written as IPv4. */
export function formatIP(bytes: Buffer): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.')
  if (isMapped(bytes)) return bytes.subarray(MAPPED.length).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16))
  return shorten(groups.join(':'))
}

/** An address as IPv6 carries it: an IPv4 one is mapped. */
export function asIPv6(bytes: Buffer): Buffer {
  return bytes.length === IPV4_BYTES ? Buffer.concat([MAPPED, bytes]) : bytes
}

/** Groups of four hexadecimal digits; the last may be an IPv4 address where the text ends with them. */
function parseGroups(text: string, endsAddress: boolean): Buffer | undefined {
  if (text === '') return Buffer.alloc(0)
  const groups = text.split(':')
  const parsed = groups.map((group, at) => {
    if (GROUP.test(group)) return Buffer.from(group.padStart(4, '0'), 'hex')
    return endsAddress && at === groups.length - 1 ? parseIPv4(group) : undefined
  })
  return parsed.every((bytes) => bytes !== undefined) ? Buffer.concat(parsed) : undefined
}

/** Puts `::` for the first of the longest runs of zero groups (RFC 5952 §4.2). */
function shorten(text: string): string {
  const runs = Array.from(text.matchAll(/\b0(?::0)+\b/g))
  const [run] = runs.toSorted(([one], [other]) => other.length - one.length)
  if (run === undefined) return text
  const [before, after] = [text.slice(0, run.index), text.slice(run.index + run[0].length)]
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`
}

function isMapped(bytes: Buffer): boolean {
  return bytes.length === IPV6_BYTES && bytes.subarray(0, MAPPED.length).equals(MAPPED)
}

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

/** @throws {InvalidAddressError} unless `host` is a numeric address, or can be the name of a host (RFC 1123 §2.1). */
export function assertHostName(host: string): void {
  if (parseIP(host) !== undefined) return
  const labels = host.replace(/\.$/, '').split('.')
  if (host.length <= MAX_NAME_LENGTH && labels.every((label) => LABEL.test(label)) && !ALL_DIGITS.test(host))
    return
  throw new InvalidAddressError(host, 'it is neither an address nor the name of a host')
}

const IPV4_BYTES = 4
const IPV6_BYTES = 16
/** What an IPv4 address has in front as an IPv6 one (RFC 4291 §2.5.5.2). */
const MAPPED: Buffer = Buffer.from('00000000000000000000ffff', 'hex')
const IPV4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/
const GROUP = /^[\da-f]{1,4}$/i
const ASCII = /^[\0-\x7f]*$/
/** ASCII that no name of a host has. */
const OUTSIDE_NAMES = /[\0-,/:-@[-^`{-\x7f]/
/** Underscores are no part of a host's name by the book, and of many by use. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i
/** What looks like an IPv4 address and is none. */
const ALL_DIGITS = /^[0-9.]+$/
const MAX_NAME_LENGTH = 253
