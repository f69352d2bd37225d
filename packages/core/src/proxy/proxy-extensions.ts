import type { ProxyExtensions, ProxyTLV } from './proxy-header.ts'
import { parseProxySSL, writeProxySSL } from './proxy-ssl.ts'
import { malformedTLV } from './proxy-tlv.ts'

/**
 * What fields say; padding says nothing, and the checksum is for another to verify.
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
 * The fields that say `extensions`.
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
    throw new RangeError(`Cannot write a unique ID of ${id.length} bytes: it may have ${MAX_UNIQUE_ID_BYTES}`)
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
  throw malformedTLV(`Cannot take a unique ID of ${value.length} bytes: it may have ${MAX_UNIQUE_ID_BYTES}`)
}

/** The type of the field that holds a checksum of the whole header. */
export const CRC32C = 0x03
const ALPN = 0x01
const AUTHORITY = 0x02
const NOOP = 0x04
const UNIQUE_ID = 0x05
const SSL = 0x20
const NETNS = 0x30
const MAX_UNIQUE_ID_BYTES = 128
/** Types of fields that come once at most. */
export const SINGLE_FIELDS: ReadonlySet<number> = new Set([ALPN, AUTHORITY, CRC32C, UNIQUE_ID, SSL, NETNS])
