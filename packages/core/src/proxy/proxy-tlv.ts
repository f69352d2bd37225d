import { counted } from '../bytes/remote-error.ts'
import { ProxyProtocolError } from '../errors.ts'
import type { ProxyExtensions, ProxySSL, ProxyTLV } from './proxy-header.ts'

/**
 * Parses the fields that make up all of `bytes`:
 *
 *     offset  size    meaning
 *     0       1       type
 *     1       2       length of the value, big endian
 *     3       length  value
 *
 * The values are views of `bytes`.
 *
 * @param single Types that may appear at most once.
 * @throws {ProxyProtocolError} `malformed-tlv`, `repeated-tlv`.
 */
export function splitTLVs(bytes: Buffer, single: ReadonlySet<number>): readonly ProxyTLV[] {
  const found: ProxyTLV[] = []
  for (let at = 0; at < bytes.length;) {
    const end =
      at + TLV_HEAD_BYTES <= bytes.length ? at + TLV_HEAD_BYTES + bytes.readUInt16BE(at + 1) : Infinity
    if (end > bytes.length) throw malformedTLV(`Cannot read a field at byte ${at}: it is cut short`)
    const type = bytes.readUInt8(at)
    if (single.has(type) && found.some((other) => other.type === type)) {
      throw new ProxyProtocolError('repeated-tlv', `Cannot choose between two fields of type ${type}`)
    }
    found.push({ type, value: bytes.subarray(at + TLV_HEAD_BYTES, end) })
    at = end
  }
  return found
}

/**
 * Writes one field.
 *
 * @throws {RangeError} when the type is not a byte, or the value has more than 65 535 bytes.
 */
export function joinTLV({ type, value }: ProxyTLV): Buffer {
  const head = Buffer.alloc(TLV_HEAD_BYTES)
  head.writeUInt8(type, 0)
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

/** Makes the error for a malformed field. */
export function malformedTLV(message: string): ProxyProtocolError {
  return new ProxyProtocolError('malformed-tlv', message)
}

/**
 * Reads the extensions from TLV fields. Padding is ignored, and so is the checksum, which `parseProxyV2` verifies.
 *
 * @throws {ProxyProtocolError} `malformed-tlv`, `repeated-tlv`.
 */
export function parseExtensions(fields: readonly ProxyTLV[]): ProxyExtensions {
  const extensions: { -readonly [K in keyof ProxyExtensions]: ProxyExtensions[K] } = {}
  const others: ProxyTLV[] = []
  for (const field of fields) {
    const { type, value } = field
    if (type === ALPN) extensions.alpn = value.toString()
    else if (type === AUTHORITY) extensions.authority = value.toString()
    else if (type === UNIQUE_ID) extensions.uniqueId = uniqueId(value)
    else if (type === NETNS) extensions.netns = value.toString()
    else if (type === SSL) extensions.ssl = parseProxySSL(value)
    else if (type !== NOOP && type !== CRC32C) others.push(field)
  }
  return others.length > 0 ? { ...extensions, others } : extensions
}

/**
 * Returns the TLV fields that carry `extensions`.
 *
 * @throws {RangeError} when `uniqueId` has more than 128 bytes.
 */
export function fieldsOf({
  alpn,
  authority,
  uniqueId: id,
  netns,
  ssl,
  others = [],
}: ProxyExtensions): ProxyTLV[] {
  if (id !== undefined && id.length > MAX_UNIQUE_ID_BYTES) {
    throw new RangeError(
      `Cannot write a unique ID of ${counted(id.length, 'byte')}: at most ${MAX_UNIQUE_ID_BYTES} are allowed`,
    )
  }
  const field = (type: number, value: Buffer | string | undefined): ProxyTLV[] =>
    value === undefined ? [] : [{ type, value: Buffer.from(value as string) }]
  return [
    ...field(ALPN, alpn),
    ...field(AUTHORITY, authority),
    ...field(UNIQUE_ID, id),
    ...field(SSL, ssl && writeProxySSL(ssl)),
    ...field(NETNS, netns),
    ...others,
  ]
}

function uniqueId(value: Buffer): Buffer {
  if (value.length <= MAX_UNIQUE_ID_BYTES) return value
  throw malformedTLV(
    `Cannot accept a unique ID of ${counted(value.length, 'byte')}: at most ${MAX_UNIQUE_ID_BYTES} are allowed`,
  )
}

/** The type of the field that holds the checksum of the whole header. */
export const CRC32C = 0x03
const ALPN = 0x01
const AUTHORITY = 0x02
const NOOP = 0x04
const UNIQUE_ID = 0x05
const SSL = 0x20
const NETNS = 0x30
const MAX_UNIQUE_ID_BYTES = 128
/** Types of fields that may appear at most once. */
export const SINGLE_FIELDS: ReadonlySet<number> = new Set([ALPN, AUTHORITY, CRC32C, UNIQUE_ID, SSL, NETNS])

/**
 * Parses the value of the TLS field:
 *
 *     offset  size  meaning
 *     0       1     client: 1 TLS, 2 certificate on this connection, 4 certificate in its TLS session
 *     1       4     verify: 0 when the certificate was verified
 *     5       …     fields
 *
 * @throws {ProxyProtocolError} `malformed-tlv`, `repeated-tlv`.
 */
export function parseProxySSL(value: Buffer): ProxySSL {
  if (value.length < SSL_HEAD_BYTES)
    throw malformedTLV(`Cannot read the TLS field: it has only ${counted(value.length, 'byte')}`)
  const client = value.readUInt8(0)
  const fields = splitTLVs(value.subarray(SSL_HEAD_BYTES), SINGLE)
  const texts = fields.flatMap(({ type, value: text }) => {
    const name = NAMES.get(type)
    return name === undefined ? [] : [[name, text.toString()] as const]
  })
  const others = fields.filter(({ type }) => !NAMES.has(type))
  return {
    client: {
      ssl: (client & CLIENT_SSL) !== 0,
      certConn: (client & CLIENT_CERT_CONN) !== 0,
      certSess: (client & CLIENT_CERT_SESS) !== 0,
    },
    verify: value.readUInt32BE(1),
    ...Object.fromEntries(texts),
    ...(others.length > 0 && { others }),
  }
}

/**
 * Writes the value of the TLS field.
 *
 * @throws {RangeError} when a nested field is too long.
 */
export function writeProxySSL(ssl: ProxySSL): Buffer {
  const { client, verify, others = [] } = ssl
  const head = Buffer.alloc(SSL_HEAD_BYTES)
  head.writeUInt8(
    (client.ssl ? CLIENT_SSL : 0) |
      (client.certConn ? CLIENT_CERT_CONN : 0) |
      (client.certSess ? CLIENT_CERT_SESS : 0),
  )
  head.writeUInt32BE(verify, 1)
  const texts = Array.from(NAMES).flatMap(([type, name]): ProxyTLV[] => {
    const text = ssl[name]
    return text === undefined ? [] : [{ type, value: Buffer.from(text) }]
  })
  return Buffer.concat([head, ...[...texts, ...others].map(joinTLV)])
}

const TLV_HEAD_BYTES = 3
const SSL_HEAD_BYTES = 5
const CLIENT_SSL = 0x01
const CLIENT_CERT_CONN = 0x02
const CLIENT_CERT_SESS = 0x04
const NAMES: ReadonlyMap<number, 'version' | 'cn' | 'cipher' | 'sigAlg' | 'keyAlg'> = new Map([
  [0x21, 'version'],
  [0x22, 'cn'],
  [0x23, 'cipher'],
  [0x24, 'sigAlg'],
  [0x25, 'keyAlg'],
])
const SINGLE: ReadonlySet<number> = new Set(NAMES.keys())
