import type { ProxySSL, ProxyTLV } from './proxy-header.ts'
import { joinTLV, malformedTLV, splitTLVs } from './proxy-tlv.ts'

/**
 * Reads the value of the field about TLS:
 *
 *     offset  size  meaning
 *     0       1     client: 1 TLS, 2 certificate on this connection, 4 certificate in its TLS session
 *     1       4     verify: 0 when the certificate was verified
 *     5       …     fields
 *
 * @throws {ProxyProtocolError} `malformed-tlv`, `repeated-tlv`.
 */
export function parseProxySSL(value: Buffer): ProxySSL {
  if (value.length < HEAD_BYTES) throw malformedTLV(`Cannot read TLS's field: it has ${value.length} bytes`)
  const client = value.readUInt8(0)
  const fields = splitTLVs(value.subarray(HEAD_BYTES), SINGLE)
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
 * Writes the value of the field about TLS.
 *
 * @throws {RangeError} when a text or the whole is too long for a field.
 */
export function writeProxySSL(ssl: ProxySSL): Buffer {
  const { client, verify, others = [] } = ssl
  const head = Buffer.alloc(HEAD_BYTES)
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

const HEAD_BYTES = 5
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
