import { ProxyProtocolError } from '../errors.ts'
import type { ProxyTLV } from './proxy-header.ts'

/**
 * Reads fields that fill `bytes` to the last:
 *
 *     offset  size    meaning
 *     0       1       type
 *     1       2       length of the value, big endian
 *     3       length  value
 *
 * The values are views of `bytes`.
 *
 * @param single Types that come once at most.
 * @throws {ProxyProtocolError} `malformed-tlv`, `repeated-tlv`.
 */
export function splitTLVs(bytes: Buffer, single: ReadonlySet<number>): readonly ProxyTLV[] {
  const found: ProxyTLV[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + HEAD_BYTES <= bytes.length ? at + HEAD_BYTES + bytes.readUInt16BE(at + 1) : Infinity
    if (end > bytes.length) throw malformedTLV(`Cannot read a field at byte ${at}: it is cut short`)
    const type = bytes.readUInt8(at)
    if (single.has(type) && found.some((other) => other.type === type)) {
      throw new ProxyProtocolError('repeated-tlv', `Cannot choose between two fields of type ${type}`)
    }
    found.push({ type, value: bytes.subarray(at + HEAD_BYTES, end) })
    at = end
  }
  return found
}

/**
 * Writes one field.
 *
 * @throws {RangeError} when its type is no byte, or its value has more than 65 535.
 */
export function joinTLV({ type, value }: ProxyTLV): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(type, 0)
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

/** A field says what it cannot say. */
export function malformedTLV(message: string): ProxyProtocolError {
  return new ProxyProtocolError('malformed-tlv', message)
}

const HEAD_BYTES = 3
