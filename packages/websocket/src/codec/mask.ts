/**
 * Masks or unmasks bytes in place: the same operation (RFC 6455 §5.3).
 *
 * @param key The masking key's four bytes as a little-endian number; 0 changes nothing.
 * @param offset The number of bytes of the frame's payload before `data`.
 */
export function mask(data: Uint8Array, key: number, offset: number): void {
  if (key === 0) return
  const turned = turn(key, offset)
  if (data.length < WORDWISE_BYTES || !LITTLE_ENDIAN) maskBytes(data, turned, 0, data.length)
  else maskWords(data, turned)
}

/** The key, rotated to start at the byte that is `bytes` further on. */
function turn(key: number, bytes: number): number {
  const bits = (bytes & 3) * 8
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits))
}

/** @param key The key, rotated to start at the byte at `start`. */
function maskBytes(data: Uint8Array, key: number, start: number, end: number): void {
  const k0 = key & 0xff
  const k1 = (key >>> 8) & 0xff
  const k2 = (key >>> 16) & 0xff
  const k3 = key >>> 24
  let at = start
  for (; at + 3 < end; at += 4) {
    data[at] = (data[at] ?? 0) ^ k0
    data[at + 1] = (data[at + 1] ?? 0) ^ k1
    data[at + 2] = (data[at + 2] ?? 0) ^ k2
    data[at + 3] = (data[at + 3] ?? 0) ^ k3
  }
  if (at < end) data[at] = (data[at] ?? 0) ^ k0
  if (at + 1 < end) data[at + 1] = (data[at + 1] ?? 0) ^ k1
  if (at + 2 < end) data[at + 2] = (data[at + 2] ?? 0) ^ k2
}

/** Masks the aligned words as words, and the bytes before and after them one by one. */
function maskWords(data: Uint8Array, key: number): void {
  const headBytes = -data.byteOffset & 3
  const wordKey = turn(key, headBytes)
  const words = new Int32Array(data.buffer, data.byteOffset + headBytes, (data.length - headBytes) >>> 2)
  maskBytes(data, key, 0, headBytes)
  for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) ^ wordKey
  maskBytes(data, wordKey, headBytes + words.length * 4, data.length)
}

/** Below this size in bytes, creating the view costs more than it saves. */
const WORDWISE_BYTES = 96
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
