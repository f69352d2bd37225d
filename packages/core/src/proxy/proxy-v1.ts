import {
  type Address,
  formatIP,
  parseIP,
  parseIPv4,
  parseIPv6,
  tcpAddress,
  type TCPAddress,
} from '../addresses.ts'
import { ProxyProtocolError } from '../errors.ts'
import type { ProxyAddresses, ProxyClaim, ProxyHeader } from './proxy-header.ts'

/**
 * Parses the line of version 1, without its CRLF:
 *
 *     PROXY TCP4 192.0.2.7 198.51.100.1 4242 443
 *     PROXY UNKNOWN whatever
 *
 * @throws {ProxyProtocolError} `malformed-line`.
 */
export function parseProxyV1(line: string): ProxyHeader {
  if (UNKNOWN.test(line)) return header(undefined)
  const [, family, source = '', destination = '', sourcePort, destinationPort] = LINE.exec(line) ?? []
  const parse = family === 'TCP4' ? parseIPv4 : parseIPv6
  const from = parseEnd(parse(source), Number(sourcePort))
  const to = parseEnd(parse(destination), Number(destinationPort))
  if (from !== undefined && to !== undefined) return header({ source: from, destination: to })
  const quoted = JSON.stringify(line.slice(0, MAX_QUOTED_CHARACTERS))
  throw new ProxyProtocolError('malformed-line', `Cannot read addresses from ${quoted}`)
}

/**
 * Writes a claim in version 1. LOCAL, and a connection that is not TCP, are written as UNKNOWN; extensions are left
 * out.
 *
 * @throws {TypeError} when an address is not numeric.
 */
export function writeProxyV1({ command, addresses }: ProxyClaim): Buffer {
  const ends = command === 'PROXY' && addresses !== undefined ? tcpEnds(addresses) : undefined
  if (ends === undefined) return Buffer.from('PROXY UNKNOWN\r\n')
  const { family, source, destination } = ends
  const hosts = [source, destination].map(({ host }) =>
    family === 6 && host.length === 4 ? `::ffff:${formatIP(host)}` : formatIP(host),
  )
  return Buffer.from(`PROXY TCP${family} ${hosts.join(' ')} ${source.port} ${destination.port}\r\n`)
}

function header(addresses: ProxyAddresses | undefined): ProxyHeader {
  return { version: 1, command: 'PROXY', addresses, extensions: {} }
}

function parseEnd(host: Buffer | undefined, port: number): TCPAddress | undefined {
  return host !== undefined && port <= 65_535 ? tcpAddress(formatIP(host), port) : undefined
}

/** Two TCP addresses and the family in which both can be written: 6 as soon as one of them is IPv6. */
export interface TCPEnds {
  readonly family: 4 | 6
  readonly source: TCPEnd
  readonly destination: TCPEnd
}

/** A TCP address as bytes. */
interface TCPEnd {
  /** 4 or 16 bytes. */
  readonly host: Buffer
  readonly port: number
}

/**
 * Returns the ends of a TCP connection; undefined for another kind of connection.
 *
 * @throws {TypeError} when a host is not numeric or a port is invalid.
 */
export function tcpEnds({ source, destination }: ProxyAddresses): TCPEnds | undefined {
  if (!isTCP(source) || !isTCP(destination)) return undefined
  const [from, to] = [tcpEnd(source), tcpEnd(destination)]
  return { family: from.host.length === 4 && to.host.length === 4 ? 4 : 6, source: from, destination: to }
}

function isTCP(address: Address): address is TCPAddress {
  return address.type === 'TCP'
}

function tcpEnd({ host, port }: TCPAddress): TCPEnd {
  // A zone has no meaning on another machine.
  const [numeric = ''] = host.split('%')
  const bytes = parseIP(numeric)
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535
  if (bytes !== undefined && isPort) return { host: bytes, port }
  throw new TypeError(
    `Cannot write ${JSON.stringify(host)}, port ${port}, in a PROXY header: it is not a numeric address and port`,
  )
}

const UNKNOWN = /^PROXY UNKNOWN(?: |$)/
const LINE = /^PROXY (TCP[46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/
const MAX_QUOTED_CHARACTERS = 70
