/**
 * The CRC-32C (Castagnoli) of `parts`, one behind the other.
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

/** 0x1EDC6F41, its bits reversed. */
const POLYNOMIAL = 0x82f6_3b78
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte))
