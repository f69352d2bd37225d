import { counted } from '../bytes/remote-error.ts'
import { ProxyProtocolError } from '../errors.ts'
import { asIPv6, formatIP, tcpAddress, unixAddress, type UNIXAddress } from '../addresses.ts'
import type { ProxyAddresses, ProxyClaim, ProxyHeader, ProxyTLV } from './proxy-header.ts'
import {
  CRC32C,
  fieldsOf,
  joinTLV,
  malformedTLV,
  parseExtensions,
  SINGLE_FIELDS,
  splitTLVs,
} from './proxy-tlv.ts'
import { tcpEnds } from './proxy-v1.ts'

// A header of version 2:
//
//     offset  size  meaning
//     0       12    signature
//     12      1     version in the high four bits (2), command in the low ones (0 LOCAL, 1 PROXY)
//     13      1     address family in the high four bits, transport in the low ones
//     14      2     length of the rest, big endian
//     16      0     AF_UNSPEC: no addresses
//             12    TCP over IPv4: source and destination address, source and destination port
//             36    TCP over IPv6: the same
//             216   UNIX stream: source and destination path, padded with NUL
//             …     fields: type, length, value

/**
 * Computes the length of the whole header from its first 16 bytes.
 *
 * @throws {ProxyProtocolError} when these bytes already show that the header cannot be accepted.
 */
export function proxyV2Length(fixed: Buffer, maxHeaderBytes: number): number {
  const [versionAndCommand, family, length] = [
    fixed.readUInt8(12),
    fixed.readUInt8(13),
    fixed.readUInt16BE(14),
  ]
  if (versionAndCommand >> 4 !== 2) {
    throw new ProxyProtocolError(
      'unsupported-version',
      `Cannot read a PROXY header of version ${versionAndCommand >> 4}`,
    )
  }
  if (versionAndCommand !== LOCAL && versionAndCommand !== PROXY) {
    throw new ProxyProtocolError(
      'unknown-command',
      `Cannot read a PROXY header with command ${versionAndCommand & 0xf}`,
    )
  }
  if (FIXED_BYTES + length > maxHeaderBytes) {
    const why = `it has ${FIXED_BYTES + length} bytes, more than ${maxHeaderBytes}`
    throw new ProxyProtocolError('header-too-large', `Cannot accept a PROXY header: ${why}`)
  }
  if (versionAndCommand === PROXY) mustHoldAddresses(family, length)
  return FIXED_BYTES + length
}

/**
 * Parses a whole header after `proxyV2Length` has accepted its first 16 bytes.
 *
 * @throws {ProxyProtocolError}
 */
export function parseProxyV2(header: Buffer): ProxyHeader {
  if (header.readUInt8(12) === LOCAL) {
    return { version: 2, command: 'LOCAL', addresses: undefined, extensions: {} }
  }
  const family = header.readUInt8(13)
  const body = header.subarray(FIXED_BYTES)
  const fields = splitTLVs(body.subarray(ADDRESS_BYTES.get(family)), SINGLE_FIELDS)
  verifyChecksum(header, fields)
  return {
    version: 2,
    command: 'PROXY',
    addresses: parseAddresses(family, body),
    extensions: parseExtensions(fields),
  }
}

/** How a header of version 2 is written. */
export interface WriteProxyV2Options {
  /** Whether the header carries a checksum, which the receiver must verify. Default false. */
  readonly checksum?: boolean | undefined
}

/**
 * Writes a claim in version 2. A LOCAL header carries no addresses and no extensions.
 *
 * @throws {TypeError} when an address is not numeric, or one address is TCP and the other UNIX.
 * @throws {RangeError} when a path or an extension is too long.
 */
export function writeProxyV2(claim: ProxyClaim, { checksum = false }: WriteProxyV2Options = {}): Buffer {
  if (claim.command === 'LOCAL') return join(LOCAL, AF_UNSPEC, [])
  const { family, bytes } = writeAddresses(claim.addresses)
  const fields = fieldsOf(claim.extensions).map(joinTLV)
  if (!checksum) return join(PROXY, family, [bytes, ...fields])
  const header = join(PROXY, family, [bytes, ...fields, joinTLV({ type: CRC32C, value: ZERO_CHECKSUM })])
  header.writeUInt32BE(crc32c(header), header.length - ZERO_CHECKSUM.length)
  return header
}

function mustHoldAddresses(family: number, length: number): void {
  const bytes = ADDRESS_BYTES.get(family)
  if (DATAGRAMS.has(family)) {
    throw new ProxyProtocolError('unsupported-transport', 'Cannot accept a header for datagrams on a stream')
  }
  if (bytes === undefined) {
    throw new ProxyProtocolError(
      'unknown-family',
      `Cannot read addresses of family ${family >> 4}/${family & 0xf}`,
    )
  }
  if (length < bytes) {
    throw new ProxyProtocolError(
      'malformed-addresses',
      `Cannot read addresses from ${counted(length, 'byte')}`,
    )
  }
}

/** Verifies the checksum, which is computed with zeros in the place of its value. */
function verifyChecksum(header: Buffer, fields: readonly ProxyTLV[]): void {
  const value = fields.find(({ type }) => type === CRC32C)?.value
  if (value === undefined) return
  if (value.length !== ZERO_CHECKSUM.length)
    throw malformedTLV(`Cannot verify a checksum of ${counted(value.length, 'byte')}`)
  const at = value.byteOffset - header.byteOffset
  const sum = crc32c(header.subarray(0, at), ZERO_CHECKSUM, header.subarray(at + value.length))
  if (sum !== value.readUInt32BE()) {
    throw new ProxyProtocolError('wrong-checksum', 'Cannot accept a PROXY header: its checksum is wrong')
  }
}

function parseAddresses(family: number, body: Buffer): ProxyAddresses | undefined {
  if (family === AF_UNSPEC) return undefined
  const piece = (at: number, size: number): Buffer => body.subarray(at * size, (at + 1) * size)
  if (family === UNIX_STREAM) {
    const [source, destination] = [parsePath(piece(0, PATH_BYTES)), parsePath(piece(1, PATH_BYTES))]
    return { source, destination }
  }
  const size = family === TCP_IPV4 ? 4 : 16
  return {
    source: tcpAddress(formatIP(piece(0, size)), body.readUInt16BE(2 * size)),
    destination: tcpAddress(formatIP(piece(1, size)), body.readUInt16BE(2 * size + 2)),
  }
}

/**
 * A NUL ends a path; the bytes after it are undefined. A leading NUL marks an abstract name, which is padded with
 * NULs.
 */
function parsePath(bytes: Buffer): UNIXAddress {
  const text = bytes.toString()
  return unixAddress(text.startsWith('\0') ? text.replace(/\0+$/, '') : text.replace(/\0.*$/s, ''))
}

function writeAddresses(addresses: ProxyAddresses | undefined): {
  readonly family: number
  readonly bytes: Buffer
} {
  if (addresses === undefined) return { family: AF_UNSPEC, bytes: Buffer.alloc(0) }
  const ends = tcpEnds(addresses)
  if (ends === undefined) return { family: UNIX_STREAM, bytes: writePaths(addresses) }
  const { family, source, destination } = ends
  const hosts = [source.host, destination.host].map((host) => (family === 6 ? asIPv6(host) : host))
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  return { family: family === 6 ? TCP_IPV6 : TCP_IPV4, bytes: Buffer.concat([...hosts, ports]) }
}

function writePaths({ source, destination }: ProxyAddresses): Buffer {
  const paths = [source, destination].map((address) => {
    if (address.type !== 'UNIX') throw new TypeError('Cannot write a TCP address beside a UNIX one')
    const path = Buffer.from(address.path)
    if (path.length > PATH_BYTES) throw new RangeError(`Cannot write a path of ${path.length} bytes`)
    return Buffer.concat([path], PATH_BYTES)
  })
  return Buffer.concat(paths)
}

function join(versionAndCommand: number, family: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const fixed = Buffer.concat([PROXY_V2_SIGNATURE, Buffer.of(versionAndCommand, family, 0, 0)])
  fixed.writeUInt16BE(body.length, 14)
  return Buffer.concat([fixed, body])
}

/** The first bytes of every header of version 2; no text protocol begins like this. */
export const PROXY_V2_SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
/** The length of the fixed part of a version 2 header. */
export const FIXED_BYTES = 16

/**
 * Computes the CRC-32C (Castagnoli) of the concatenated `parts`.
 *
 * @see RFC 3720 §B.4
 */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let crc = 0xffff_ffff
  for (const part of parts) {
    for (const byte of part) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  }
  return ~crc >>> 0
}

function remainderOf(byte: number): number {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1
  }
  return remainder
}

const LOCAL = 0x20
const PROXY = 0x21
const AF_UNSPEC = 0x00
const TCP_IPV4 = 0x11
const TCP_IPV6 = 0x21
const UNIX_STREAM = 0x31
const PATH_BYTES = 108
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [AF_UNSPEC, 0],
  [TCP_IPV4, 12],
  [TCP_IPV6, 36],
  [UNIX_STREAM, 2 * PATH_BYTES],
])
/** UDP over IPv4, UDP over IPv6, UNIX datagrams. */
const DATAGRAMS: ReadonlySet<number> = new Set([0x12, 0x22, 0x32])
const ZERO_CHECKSUM: Buffer = Buffer.alloc(4)
/** 0x1EDC6F41 with its bits reversed. */
const POLYNOMIAL = 0x82f6_3b78
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte))
