/** Makes a frozen TCP address; `::ffff:192.0.2.1` becomes `192.0.2.1`. */
export function tcpAddress(host: string, port: number): TCPAddress {
  const numeric = unmapped(host)
  return Object.freeze({ type: 'TCP', family: familyOf(numeric), host: numeric, port })
}

/** Makes a frozen UDP address; `::ffff:192.0.2.1` becomes `192.0.2.1`. */
export function udpAddress(host: string, port: number): UDPAddress {
  const numeric = unmapped(host)
  return Object.freeze({ type: 'UDP', family: familyOf(numeric), host: numeric, port })
}

/** Makes a frozen UNIX address. */
export function unixAddress(path: string): UNIXAddress {
  return Object.freeze({ type: 'UNIX', path })
}

/** Formats an address for a reader: `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function formatAddress(address: Address | UDPAddress): string {
  if (address.type === 'UNIX') return `unix:${address.path}`
  return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

function unmapped(host: string): string {
  const bytes = MAY_BE_MAPPED.test(host) ? parseIP(host) : undefined
  return bytes?.length === 4 ? formatIP(bytes) : host
}

function familyOf(host: string): 4 | 6 {
  return host.includes(':') ? 6 : 4
}

/**
 * The address of one end of a TCP connection. `host` is numeric; an IPv4-mapped IPv6 address is given as
 * IPv4.
 */
export interface TCPAddress {
  readonly type: 'TCP'
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** The address of one end of a UNIX socket connection. `path` is empty for an end that was never bound. */
export interface UNIXAddress {
  readonly type: 'UNIX'
  readonly path: string
}

/** The source or destination of a datagram. `host` is numeric. */
export interface UDPAddress {
  readonly type: 'UDP'
  readonly family: 4 | 6
  readonly host: string
  readonly port: number
}

/** The address of one end of a connection. Compare its fields, or print it with `formatAddress`. */
export type Address = TCPAddress | UNIXAddress

/**
 * Parses a numeric address into its 4 or 16 bytes; an IPv4-mapped IPv6 address becomes 4 bytes.
 *
 * @returns undefined when `text` is not a numeric address: a name, or text with a zone, a leading zero or a blank.
 */
export function parseIP(text: string): Buffer | undefined {
  const bytes = parseIPv4(text) ?? parseIPv6(text)
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(MAPPED.length) : bytes
}

/** Parses `192.0.2.1` into its 4 bytes; returns undefined when `text` is not an IPv4 address. */
export function parseIPv4(text: string): Buffer | undefined {
  if (!IPV4.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? Buffer.from(bytes) : undefined
}

/** Parses an IPv6 address such as `2001:db8::1` into its 16 bytes; otherwise returns undefined (RFC 4291 §2.2). */
export function parseIPv6(text: string): Buffer | undefined {
  const [front = '', back, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const before = parseGroups(front, back === undefined)
  const after = parseGroups(back ?? '', true)
  if (before === undefined || after === undefined) return undefined
  const left = IPV6_BYTES - before.length - after.length
  // `::` stands for at least one group.
  if (back === undefined ? left !== 0 : left < 2) return undefined
  return Buffer.concat([before, Buffer.alloc(left), after])
}

/** Formats a numeric address as RFC 5952 does; an IPv4-mapped IPv6 address is written as IPv4. */
export function formatIP(bytes: Buffer): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.')
  if (isMapped(bytes)) return bytes.subarray(MAPPED.length).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16))
  return shorten(groups.join(':'))
}

/** Converts an address to its 16 bytes of IPv6: an IPv4 address is mapped. */
export function asIPv6(bytes: Buffer): Buffer {
  return bytes.length === IPV4_BYTES ? Buffer.concat([MAPPED, bytes]) : bytes
}

/** Parses groups of up to four hexadecimal digits; the last group of an address may be an IPv4 address. */
function parseGroups(text: string, endsAddress: boolean): Buffer | undefined {
  if (text === '') return Buffer.alloc(0)
  const groups = text.split(':')
  const parsed = groups.map((group, at) => {
    if (GROUP.test(group)) return Buffer.from(group.padStart(4, '0'), 'hex')
    return endsAddress && at === groups.length - 1 ? parseIPv4(group) : undefined
  })
  return parsed.every((bytes) => bytes !== undefined) ? Buffer.concat(parsed) : undefined
}

/** Replaces the first of the longest runs of zero groups by `::` (RFC 5952 §4.2). */
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

const IPV4_BYTES = 4
const IPV6_BYTES = 16
/** The prefix of an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2). */
const MAPPED: Buffer = Buffer.from('00000000000000000000ffff', 'hex')
const IPV4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/
const GROUP = /^[\da-f]{1,4}$/i
/** How an IPv4-mapped IPv6 address begins, in any of its spellings (RFC 4291 §2.2). */
const MAY_BE_MAPPED = /^[0:]+:ffff:/i
